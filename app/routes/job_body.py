"""A job's request as the body of a route."""

from typing import Annotated, Any

from fastapi import Depends
from starlette.requests import Request

from app.json_body import read_json_body
from app.services import Used

_EXAMPLES: dict[str, Any] = {
    "all defaults": {
        "value": {"teacher": {"network": "zoo/resnet20"}, "dataset": {"name": "digits"}}
    },
    "a network of one's own, to be fast": {
        "value": {
            "name": "doors on a phone",
            "teacher": {"id": "tch_5kL6mN70aB1cD2eF3gH4iJ"},
            "dataset": {"id": "dst_0aB1cD2eF3gH4iJ5kL6mN7"},
            "objective": {"kind": "accuracy"},
            "constraints": {"latency_ms": 2.5},
        }
    },
    "a Pareto set, from an earlier job's embedding": {
        "value": {
            "teacher": {"network": "zoo/resnet20"},
            "dataset": {"name": "digits"},
            "objective": {"kind": "pareto", "costs": ["macs", "params"]},
            "search": {"embedding": {"from": "emb_7uV8wX9yZ0aB1cD2eF3gH4"}},
        }
    },
}
JOB_REQUEST: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"$ref": "#/components/schemas/JobRequest"},
                "examples": _EXAMPLES,
            }
        },
    }
}


async def _json_body(request: Request, services: Used) -> bytes:
    return await read_json_body(request, services.settings.max_json_bytes)


JsonBody = Annotated[bytes, Depends(_json_body)]
