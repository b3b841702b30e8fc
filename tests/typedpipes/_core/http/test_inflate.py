"""Compressed bodies: one layer, in bounded steps, whole or refused."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib
from collections.abc import Callable

import anyio
import pytest

from tests.typedpipes._core.http.modes import MODES, Mode, Setup, run
from tests.typedpipes._core.http.wire_server import Reply, serving
from typedpipes._core.http import Stamp, WireRequest, WireResponse
from typedpipes._core.http.clients import AsyncPolicyClient, PolicyClient
from typedpipes._core.http.inflate import STEP, Inflater, Undecodable, inflated
from typedpipes._core.http.retry import RetryPolicy
from typedpipes.errors import BadRequest, ResponseMismatch, TransportError

TEXT = b"".join(b"%d;" % number for number in range(20_000))
BARE = zlib.compressobj(wbits=-zlib.MAX_WBITS)
BODIES = {
    "gzip": ("gzip", gzip.compress(TEXT)),
    "two members": ("gzip", gzip.compress(TEXT[:777]) + gzip.compress(TEXT[777:])),
    "padded": ("x-gzip", gzip.compress(TEXT) + bytes(100)),
    "zlib": ("deflate", zlib.compress(TEXT)),
    "bare deflate": ("Deflate", BARE.compress(TEXT) + BARE.flush()),
}


def bomb(size: int) -> bytes:
    return gzip.compress(bytes(size), 9)


def get(url: str) -> WireRequest:
    return WireRequest(method="GET", url=url, stamp=Stamp(api="t", operation="get", safety="safe", credentials=()))


@pytest.mark.parametrize("kind", BODIES)
def test_a_body_is_whole_in_whatever_pieces_it_arrives(kind: str) -> None:
    encoding, body = BODIES[kind]
    assert inflated({"content-encoding": encoding}, body, len(TEXT)) == TEXT
    inflater = Inflater(encoding.lower().removeprefix("x-"))
    assert b"".join(piece for at in range(len(body)) for piece in inflater.pieces(body[at : at + 1])) == TEXT
    inflater.finish()


@pytest.mark.parametrize("kind", ["gzip", "two members", "zlib"])  # bare deflate has no checksum
@pytest.mark.parametrize("change", [lambda body: body[:-9], lambda body: body[:-5000] + body[-4000:]])
def test_a_cut_or_damaged_body_is_refused(kind: str, change: Callable[[bytes], bytes]) -> None:
    encoding, body = BODIES[kind]
    with pytest.raises(Undecodable, match=r"damaged|ends in the middle"):
        inflated({"content-encoding": encoding}, change(body), len(TEXT))


def test_a_bomb_is_given_in_steps() -> None:
    body = bomb(64 << 20)
    tracemalloc.start()
    sizes = {len(piece) for piece in Inflater("gzip").pieces(body)}
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert max(sizes) == STEP
    assert peak < 4 * STEP


HOSTILE = {
    "three layers": ({"content-encoding": "gzip, gzip, gzip"}, gzip.compress(gzip.compress(bomb(1 << 20))), "3 layers"),
    "a bomb": ({"content-encoding": "gzip"}, bomb(8 << 20), "decompresses to more than the 1000000 bytes allowed"),
    "a large one": ({}, bytes(1_000_001), "has more than the 1000000 bytes allowed; max_body raises the limit"),
    "another encoding": ({"content-encoding": "br"}, b"x", "content encoding br, which was not asked for"),
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_answer_is_refused_once(mode: Mode, kind: str) -> None:
    headers, body, words = HOSTILE[kind]
    with serving(lambda arrival: Reply(200, body, headers)) as server:
        seen = run(mode, Setup(retry=RetryPolicy(max_body=1_000_000)), get(server.url))
        assert len(server.arrivals) == 1
    assert isinstance(seen.result, ResponseMismatch)
    assert words in str(seen.result)


@pytest.mark.parametrize("mode", MODES)
def test_a_hostile_failure_is_a_failure_with_a_bounded_body(mode: Mode) -> None:
    bodies = [bomb(8 << 20), *(body for _, body, _ in HOSTILE.values())]
    encodings = ["gzip", "gzip, gzip, gzip", "gzip", "identity", "br"]
    replies = [Reply(400, body, {"content-encoding": name}) for name, body in zip(encodings, bodies, strict=True)]
    with serving() as server:
        server.script_of(*replies)
        seen = run(mode, Setup(), *[get(server.url)] * len(replies))
    assert len(seen.results) == len(replies)
    for result in seen.results:
        assert isinstance(result, BadRequest)
        assert len(result.body) < 5_000


@pytest.mark.parametrize("mode", MODES)
def test_names_that_are_no_encodings_are_ignored(mode: Mode) -> None:
    with serving(lambda arrival: Reply(200, b"{}", {"content-encoding": "utf-8, identity"})) as server:
        result = run(mode, Setup(), get(server.url)).result
    assert isinstance(result, WireResponse)
    assert result.content == b"{}"


@pytest.mark.parametrize("mode", MODES)
def test_an_answer_cut_within_its_compression_is_asked_for_again(mode: Mode) -> None:
    whole = gzip.compress(TEXT)
    encoded = {"content-encoding": "gzip"}
    with serving() as server:
        server.script_of(Reply(200, whole[:-9], encoded), Reply(200, whole, encoded))
        result = run(mode, Setup(), get(server.url)).result
        assert len(server.arrivals) == 2
    assert isinstance(result, WireResponse)
    assert result.content == TEXT


def test_a_stream_is_given_in_steps_and_read_whole_up_to_the_bound() -> None:
    answers = {"/bomb": Reply(200, bomb(8 << 20), {"content-encoding": "gzip"}), "/cut": Reply()}
    answers["/cut"] = Reply(200, gzip.compress(TEXT)[:-9], {"content-encoding": "gzip"})
    retry = RetryPolicy(max_body=1_000_000)
    with serving(lambda arrival: answers[arrival.path]) as server:
        with PolicyClient(retry=retry) as client:
            with client.stream_exchange(get(f"{server.url}/bomb")) as stream:
                assert [len(piece) for piece in stream.iter_bytes()] == [STEP] * 8
            with client.stream_exchange(get(f"{server.url}/bomb")) as stream:
                assert {len(piece) for piece in stream.iter_bytes(65_536)} == {65_536}
            with (
                pytest.raises(ResponseMismatch, match="more than the 1000000"),
                client.stream_exchange(get(f"{server.url}/bomb")) as stream,
            ):
                stream.read()
            with (
                pytest.raises(TransportError, match="broke off"),
                client.stream_exchange(get(f"{server.url}/cut")) as stream,
            ):
                stream.read()

        async def main() -> None:
            async with AsyncPolicyClient(retry=retry) as client:
                async with client.stream_exchange(get(f"{server.url}/bomb")) as stream:
                    assert [len(piece) async for piece in stream.aiter_bytes()] == [STEP] * 8
                async with client.stream_exchange(get(f"{server.url}/bomb")) as stream:
                    assert {len(piece) async for piece in stream.aiter_bytes(65_536)} == {65_536}
                with pytest.raises(ResponseMismatch, match="more than the 1000000"):
                    async with client.stream_exchange(get(f"{server.url}/bomb")) as stream:
                        await stream.aread()
                with pytest.raises(TransportError, match="broke off"):
                    async with client.stream_exchange(get(f"{server.url}/cut")) as stream:
                        await stream.aread()

        anyio.run(main)
