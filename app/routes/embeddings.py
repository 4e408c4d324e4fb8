"""Saved embeddings."""

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from app.bodies import EmbeddingBody, PageBody
from app.deletion import delete_embedding
from app.embeddings import get_embedding, list_embeddings
from app.json_answer import json_answer
from app.problem_examples import JOB, LISTED, Told, problems
from app.problems import Conflict, NotFound
from app.routes.parameters import Cursor, Limit
from app.services import Used

router = APIRouter(prefix="/v1/embeddings", tags=["embeddings"])

_ID = "emb_7uV8wX9yZ0aB1cD2eF3gH4"
EmbeddingId = Annotated[str, Path(description="The embedding's id.", examples=[_ID])]
_NO_EMBEDDING: Told = {"There is no such embedding.": NotFound(f"there is no embedding '{_ID}'")}
_USED: Told = {
    "An unfinished job or estimate starts from it.": Conflict(
        f"{_ID} is used by {JOB}: cancel that, or wait for its end"
    )
}


@router.get("", responses={200: {"model": PageBody[EmbeddingBody]}, **problems(LISTED)})
def list_the_embeddings(services: Used, limit: Limit = 20, cursor: Cursor = None) -> Response:
    """Lists the saved embeddings, newest first; name one as `search.embedding.from` of a job."""
    with services.database.read() as session:
        page = list_embeddings(session, limit, cursor)
    return json_answer(PageBody.of(page.map(EmbeddingBody.of)))


@router.get(
    "/{embedding_id}",
    responses={200: {"model": EmbeddingBody}, **problems(_NO_EMBEDDING)},
)
def show_embedding(services: Used, embedding_id: EmbeddingId) -> Response:
    """Shows a saved embedding: which teacher, dataset and trials it learned from."""
    with services.database.read() as session:
        return json_answer(EmbeddingBody.of(get_embedding(session, embedding_id)))


@router.delete(
    "/{embedding_id}",
    status_code=204,
    response_class=Response,
    responses={
        204: {"description": "It is deleted."},
        **problems(_NO_EMBEDDING, _USED),
    },
)
def remove_embedding(services: Used, embedding_id: EmbeddingId) -> Response:
    """Deletes a saved embedding and its file; its job stays."""
    delete_embedding(services.database, services.artifacts, embedding_id)
    return Response(status_code=204)
