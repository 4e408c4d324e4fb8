import asyncio
from dataclasses import replace

import pytest
from starlette.requests import Request

from app.problems import StorageFull, TooMany
from app.services import Services
from app.uploading import admitted_upload
from app.visitor import Visitor


def _request(length: int) -> Request:
    headers = [(b"content-length", str(length).encode())]
    return Request({"type": "http", "method": "POST", "path": "/", "headers": headers})


def _limited(services: Services, most: int) -> Services:
    return replace(services, settings=replace(services.settings, max_uploads=most))


def test_no_more_uploads_are_under_way_than_may(services: Services) -> None:
    asyncio.run(_three_of_two(_limited(services, 2)))


async def _three_of_two(few: Services) -> None:
    async with admitted_upload(few, _request(1)), admitted_upload(few, _request(1)):
        with pytest.raises(TooMany, match="2 uploads"):
            async with admitted_upload(few, _request(1)):
                pass
    async with admitted_upload(few, _request(1)) as upload:
        upload.new_file().write(b"x")


def test_what_announces_more_than_fits_is_refused_and_gives_its_place_back(
    services: Services,
) -> None:
    asyncio.run(_too_large_twice(_limited(services, 1)))


async def _too_large_twice(one: Services) -> None:
    for _ in range(2):
        with pytest.raises(StorageFull):
            async with admitted_upload(one, _request(2**60)):
                pass


def test_a_keys_quota_is_looked_at_before_its_body_is_read(services: Services) -> None:
    settings = replace(services.settings, max_uploaded_bytes_per_key=100)
    visitor = Visitor("key_a", "ada", frozenset({"submit"}))
    few = replace(services, settings=settings).seen_by(visitor)
    asyncio.run(_up_to_100_bytes(few))


async def _up_to_100_bytes(few: Services) -> None:
    async with admitted_upload(few, _request(100)):
        pass
    with pytest.raises(StorageFull, match="your key's uploads"):
        async with admitted_upload(few, _request(101)):
            pass
