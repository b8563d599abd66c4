"""The case groups of the Autobahn test suite, by a raw client, at every server that a CSMS can stand in.

The numbers in comments and names are those of Autobahn's cases. Where Autobahn has its echo, here a
call is answered. Every group opens one connection per case, sends the case's bytes, and writes down
what the server sends until it ends the connection.
"""

import asyncio
import json
import random
import re
import struct
import zlib
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import pytest

from ocppkit import v201
from ocppkit.core import Limits
from support.servers import Serving, by_aiohttp, by_starlette, by_websockets

Make = Callable[..., Any]
Outcome: TypeAlias = tuple[str, ...]
Pieces: TypeAlias = Sequence[bytes | None]
"""What is sent; `None` waits for the answers that are expected."""

Cases: TypeAlias = dict[str, tuple[Pieces, Outcome]]

LIMIT = Limits().frame_bytes
TEXT, BINARY, CONT, CLOSE, PING, PONG = 1, 2, 0, 8, 9, 10
CALL = b'[2,"h","Heartbeat",{}]'

ANSWERED = ("answer h",)
NORMAL = ("close 1000", "end")
PROTOCOL_ERROR = ("close 1002", "end")
BAD_TEXT = ("close 1007", "end")


def frame(opcode: int, data: bytes = b"", *, fin: bool = True, rsv: int = 0) -> bytes:
    """Returns a masked frame."""
    first = bytes([(0x80 if fin else 0) | rsv << 4 | opcode])
    if len(data) < 126:
        size = bytes([0x80 | len(data)])
    elif len(data) < 1 << 16:
        size = bytes([0x80 | 126]) + struct.pack(">H", len(data))
    else:
        size = bytes([0x80 | 127]) + struct.pack(">Q", len(data))
    return first + size + b"\1\2\3\4" + mask(data)


def mask(data: bytes) -> bytes:
    key = (b"\1\2\3\4" * (len(data) // 4 + 1))[: len(data)]
    return (int.from_bytes(data) ^ int.from_bytes(key)).to_bytes(len(data))


def close(code: int = 1000, reason: bytes = b"") -> bytes:
    return frame(CLOSE, code.to_bytes(2) + reason)


def padded(size: int) -> bytes:
    return CALL + b" " * (size - len(CALL))


def octets(data: bytes, size: int = 1) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


def fragments(data: bytes, size: int, opcode: int = TEXT) -> bytes:
    """Returns a message in fragments."""
    pieces = octets(data, size)
    return b"".join(
        frame(CONT if number else opcode, piece, fin=number == len(pieces) - 1)
        for number, piece in enumerate(pieces)
    )


@pytest.fixture
def outcomes(make_csms: Make, raw: Make, serving: Serving) -> Make:
    """Returns what plays cases at a server, and returns what came of each."""

    async def play(cases: Cases, *headers: str) -> dict[str, Outcome]:
        async with serving(make_csms(boot_gate=False)) as port:
            return {
                name: await one(port, f"/ocpp/CP{number}", case, headers)
                for number, (name, case) in enumerate(cases.items())
            }

    async def one(
        port: int, path: str, case: tuple[Pieces, Outcome], headers: Sequence[str]
    ) -> Outcome:
        pieces, outcome = case
        peer = CasePlayer(sum(each.startswith("answer") for each in outcome))
        async with raw(port, path, *headers) as client:
            reading = asyncio.create_task(peer.read(client))
            for piece in pieces:
                if piece is None:
                    await asyncio.wait_for(peer.answered.wait(), 10)
                else:
                    client.send(piece)
                    await asyncio.sleep(0)
            return await reading

    return play


class CasePlayer:
    """The client's side of one connection, until the server ends it."""

    def __init__(self, answers: int) -> None:
        self.answered = asyncio.Event()
        """There are as many answers as are expected."""

        self._expected = answers
        self._answers: list[str] = []
        self._pongs: list[str] = []
        self._closes: list[str] = []

    async def read(self, client: Any) -> Outcome:
        """Returns what the server sends: answers and pongs first, in their own order each."""
        try:
            while True:
                self._note(client, *await client.next_frame())
        except (asyncio.IncompleteReadError, ConnectionError):
            return (*self._answers, *self._pongs, *self._closes, "end")
        except TimeoutError:
            return (*self._answers, *self._pongs, *self._closes, "no end")

    def _note(self, client: Any, opcode: int, data: bytes) -> None:
        if opcode == TEXT:
            self._answers.append(f"answer {json.loads(data)[1]}")
            if len(self._answers) >= self._expected:
                self.answered.set()
        elif opcode == PONG:
            self._pongs.append(f"pong {data.decode('latin-1')}")
        elif opcode == CLOSE:
            self._closes.append(f"close {int.from_bytes(data[:2]) if data else 'empty'}")
            client.send(frame(CLOSE, data[:2]))


SIZES = (125, 126, 127, 128, 65535, 65536)

FRAMING: Cases = {
    **{f"1.1 {n}": ([frame(TEXT, padded(n)), None, close()], (*ANSWERED, *NORMAL)) for n in SIZES},
    "1.1.1 empty": ([frame(TEXT), None, close()], ("answer -1", *NORMAL)),
    "1.1.8 in pieces": (
        [*octets(frame(TEXT, padded(65536)), 997), None, close()],
        (*ANSWERED, *NORMAL),
    ),
    "1.1 octets": ([*octets(frame(TEXT, CALL)), None, *octets(close())], (*ANSWERED, *NORMAL)),
    "1.1 no minimal length": (
        [b"\x81\xfe\0\x16\1\2\3\4" + mask(CALL), None, close()],
        (*ANSWERED, *NORMAL),
    ),
    "2.1 not masked": ([b"\x89\x01x", close()], PROTOCOL_ERROR),
    "1.1 negative length": ([b"\x81\xff" + b"\xff" * 8 + b"\0\0\0\0"], ("close 1009", "end")),
    # OCPP-J is text: binary messages are answered with an error or not at all.
    "1.2.1": ([frame(BINARY), None, close()], ("answer -1", *NORMAL)),
    "1.2.2": ([frame(BINARY, b"\xfe" * 125), None, close()], ("answer -1", *NORMAL)),
}

PINGS: Cases = {
    "2.1": ([frame(PING), close()], ("pong ", *NORMAL)),
    "2.2": ([frame(PING, b"Hello"), close()], ("pong Hello", *NORMAL)),
    "2.3": ([frame(PING, b"\0\xff\xfe\xfd"), close()], ("pong \0\xff\xfe\xfd", *NORMAL)),
    "2.4": ([frame(PING, b"\xfe" * 125), close()], ("pong " + "\xfe" * 125, *NORMAL)),
    "2.5": ([frame(PING, b"\xfe" * 126), close()], PROTOCOL_ERROR),
    "2.6": ([*octets(frame(PING, b"\xfe" * 125)), close()], ("pong " + "\xfe" * 125, *NORMAL)),
    "2.7": ([frame(PONG), close()], NORMAL),
    "2.8": ([frame(PONG, b"unsolicited"), close()], NORMAL),
    "2.9": ([frame(PONG, b"x"), frame(PING, b"y"), close()], ("pong y", *NORMAL)),
    "2.10": (
        [*(frame(PING, b"%d" % n) for n in range(10)), close()],
        (*(f"pong {n}" for n in range(10)), *NORMAL),
    ),
    "2.11": (
        [*octets(b"".join(frame(PING, b"%d" % n) for n in range(10))), close()],
        (*(f"pong {n}" for n in range(10)), *NORMAL),
    ),
}

RESERVED_BITS: Cases = {
    "3.1": ([frame(TEXT, CALL, rsv=1)], PROTOCOL_ERROR),
    "3.2": (
        [frame(TEXT, CALL), None, frame(TEXT, CALL, rsv=2), frame(PING)],
        (*ANSWERED, *PROTOCOL_ERROR),
    ),
    "3.3": (
        [frame(TEXT, CALL), None, frame(TEXT, CALL, rsv=3) + frame(PING)],
        (*ANSWERED, *PROTOCOL_ERROR),
    ),
    "3.4": (
        [*octets(frame(TEXT, CALL)), None, *octets(frame(TEXT, CALL, rsv=4))],
        (*ANSWERED, *PROTOCOL_ERROR),
    ),
    "3.5": ([frame(BINARY, CALL, rsv=5)], PROTOCOL_ERROR),
    "3.6": ([frame(PING, b"x", rsv=6)], PROTOCOL_ERROR),
    "3.7": ([frame(CLOSE, b"\3\xe8", rsv=7)], PROTOCOL_ERROR),
}

OPCODES: Cases = {
    f"4 {opcode} {len(data)}": (
        [*before, frame(opcode, data), frame(PING)],
        (*said, *PROTOCOL_ERROR),
    )
    for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)
    for before, data, said in (([], b"", ()), ([frame(TEXT, CALL), None], b"reserved", ANSWERED))
}

A, B = CALL[:9], CALL[9:]
FRAGMENTS: Cases = {
    "5.1": ([frame(PING, b"a", fin=False), frame(CONT, b"b")], PROTOCOL_ERROR),
    "5.2": ([frame(PONG, b"a", fin=False), frame(CONT, b"b")], PROTOCOL_ERROR),
    "5.3": ([frame(TEXT, A, fin=False), frame(CONT, B), None, close()], (*ANSWERED, *NORMAL)),
    "5.4": ([frame(TEXT, A, fin=False) + frame(CONT, B), None, close()], (*ANSWERED, *NORMAL)),
    "5.5": (
        [*octets(frame(TEXT, A, fin=False) + frame(CONT, B)), None, close()],
        (*ANSWERED, *NORMAL),
    ),
    "5.6": (
        [frame(TEXT, A, fin=False), frame(PING, b"x"), frame(CONT, B), None, close()],
        (*ANSWERED, "pong x", *NORMAL),
    ),
    "5.8": (
        [*octets(frame(TEXT, A, fin=False) + frame(PING, b"x") + frame(CONT, B)), None, close()],
        (*ANSWERED, "pong x", *NORMAL),
    ),
    "5.9": ([frame(CONT, CALL), frame(TEXT, CALL)], PROTOCOL_ERROR),
    "5.11": ([*octets(frame(CONT, CALL) + frame(TEXT, CALL))], PROTOCOL_ERROR),
    "5.12": ([frame(CONT, CALL, fin=False), frame(TEXT, CALL)], PROTOCOL_ERROR),
    "5.15": (
        [
            frame(TEXT, A, fin=False) + frame(CONT, B),
            None,
            frame(CONT, A, fin=False) + frame(TEXT, CALL),
        ],
        (*ANSWERED, *PROTOCOL_ERROR),
    ),
    "5.18": ([frame(TEXT, A, fin=False), frame(TEXT, B)], PROTOCOL_ERROR),
    "5.19": (
        [
            frame(TEXT, CALL[:4], fin=False),
            frame(CONT, CALL[4:8], fin=False),
            frame(PING, b"1"),
            frame(CONT, CALL[8:12], fin=False),
            frame(CONT, b"", fin=False),
            frame(PING, b"2"),
            frame(CONT, CALL[12:]),
            None,
            close(),
        ],
        (*ANSWERED, "pong 1", "pong 2", *NORMAL),
    ),
    "6.1.2 three empty ones": (
        [frame(TEXT, fin=False), frame(CONT, fin=False), frame(CONT), None, close()],
        ("answer -1", *NORMAL),
    ),
    "6.1.3 two empty ones": (
        [frame(TEXT, fin=False), frame(CONT, CALL, fin=False), frame(CONT), None, close()],
        (*ANSWERED, *NORMAL),
    ),
}

GOOD_TEXTS = (
    "Hello-µ@ßöäüàá-UTF-8!!",
    "κόσμε",
    "\x7f\x80\u07ff\u0800\uffff\U00010000\U0010ffff",
    "\ud7ff\ue000\ufffd",
    "\ufffe\uffff\U0001fffe\U0010ffff",
    "\u2000\u202f\ufeff",
)
BAD_TEXTS = (
    b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80edited",  # 6.3
    b"\x80", b"\xbf", b"\x80\xbf\x80", b"\xc2", b"\xe1\x80", b"\xf1\x80\x80",  # 6.6, 6.8, 6.10
    b"\xc0\xaf", b"\xe0\x80\xaf", b"\xf0\x80\x80\xaf", b"\xc1\xbf", b"\xe0\x9f\xbf",  # 6.18
    b"\xed\xa0\x80", b"\xed\xbf\xbf", b"\xed\xa0\x80\xed\xb0\x80",  # 6.20, 6.21
    b"\xf4\x90\x80\x80", b"\xf8\x88\x80\x80\x80", b"\xfc\x84\x80\x80\x80\x80", b"\xfe", b"\xff",
)  # fmt: skip


def named(text: bytes) -> bytes:
    return b'[2,"' + text + b'","Heartbeat",{}]'


GOOD_UTF_8: Cases = {
    f"6.{number} {size}": (
        [fragments(named(text.encode("utf-8", "surrogatepass")), size), None, close()],
        (f"answer {text}", *NORMAL),
    )
    for number, text in enumerate(GOOD_TEXTS)
    if text.isprintable() or text == GOOD_TEXTS[1]
    for size in (1000, 1)
}
BAD_UTF_8: Cases = {
    "6.4": ([frame(TEXT, b"\xf4", fin=False), frame(CONT, b"\x90"), frame(CONT, b"")], BAD_TEXT),
}
BAD_UTF_8 |= {
    f"6 {text!r} {size}": ([fragments(named(text), size)], BAD_TEXT)
    for text in BAD_TEXTS
    for size in (1000, 1)
}

CLOSING: Cases = {
    "7.1.1": ([frame(TEXT, CALL), None, close()], (*ANSWERED, *NORMAL)),
    "7.1.2": ([close() + close()], NORMAL),
    "7.1.2 apart": ([close(), close()], NORMAL),
    "7.1.3": ([close() + frame(PING)], NORMAL),
    "7.1.4": ([close() + frame(TEXT, CALL)], NORMAL),
    "7.1.5": ([frame(TEXT, A, fin=False) + close() + frame(CONT, B)], NORMAL),
    "7.1.6": ([frame(TEXT, padded(256 << 10)), None, close(), frame(PING)], (*ANSWERED, *NORMAL)),
    "7.3.1": ([frame(CLOSE)], ("close empty", "end")),
    "7.3.2": ([frame(CLOSE, b"a")], PROTOCOL_ERROR),
    "7.3.3": ([close()], NORMAL),
    "7.3.4": ([close(1000, b"Hello World!")], NORMAL),
    "7.3.5": ([close(1000, b"*" * 123)], NORMAL),
    "7.3.6": ([close(1000, b"*" * 124)], PROTOCOL_ERROR),
    "7.5.1": ([close(1000, b"\xce\xba\xed\xa0\x80")], BAD_TEXT),
    "7 in fragments": ([frame(CLOSE, b"\3\xe8", fin=False)], PROTOCOL_ERROR),
}
GOOD_CODES = (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999)
BAD_CODES = (0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535)
CLOSE_CODES: Cases = {
    **{f"7.7 {code}": ([close(code)], (f"close {code}", "end")) for code in GOOD_CODES},
    **{f"7.9 {code}": ([close(code)], PROTOCOL_ERROR) for code in BAD_CODES},
}

LIMITS: Cases = {
    "9.1.3": ([frame(TEXT, padded(256 << 10)), None, close()], (*ANSWERED, *NORMAL)),
    "9.1 most": ([frame(TEXT, padded(LIMIT)), None, close()], (*ANSWERED, *NORMAL)),
    "9.1 more": ([frame(TEXT, padded(LIMIT + 1))], ("close 1009", "end")),
    "9.3": ([fragments(padded(LIMIT), 4096), None, close()], (*ANSWERED, *NORMAL)),
    "9.3 more": ([fragments(padded(LIMIT + 1), 4096)], ("close 1009", "end")),
    "9.5": ([*octets(frame(TEXT, padded(LIMIT)), 8192), None, close()], (*ANSWERED, *NORMAL)),
    "9.7": (
        [*(frame(TEXT, CALL.replace(b"h", b"%d" % n, 1)) for n in range(1000)), None, close()],
        (*(f"answer {n}" for n in range(1000)), *NORMAL),
    ),
    "10.1.1": ([fragments(padded(65536), 1300), None, close()], (*ANSWERED, *NORMAL)),
}

GROUPS = {
    "framing": FRAMING,
    "pings": PINGS,
    "reserved-bits": RESERVED_BITS,
    "opcodes": OPCODES,
    "fragments": FRAGMENTS,
    "good-utf-8": GOOD_UTF_8,
    "bad-utf-8": BAD_UTF_8,
    "closing": CLOSING,
    "close-codes": CLOSE_CODES,
    "limits": LIMITS,
}


DEVIATIONS: dict[Serving, dict[str, Outcome]] = {
    by_websockets: {},
    # `websockets`, on which uvicorn stands, takes a close frame within a message for a violation.
    by_starlette: {"7.1.5": PROTOCOL_ERROR},
    # aiohttp does not look whether a client masks its frames, and cannot send a close frame without a code.
    by_aiohttp: {"2.1 not masked": ("pong x", *NORMAL), "7.3.1": NORMAL},
}
"""What other libraries do in another way, with nothing here that could change it."""


@pytest.mark.asyncio
@pytest.mark.parametrize("group", GROUPS)
async def test_autobahn(group: str, serving: Serving, outcomes: Make) -> None:
    cases = GROUPS[group]
    wanted = {name: outcome for name, (_, outcome) in cases.items()}
    wanted |= {name: each for name, each in DEVIATIONS[serving].items() if name in cases}
    assert await outcomes(cases) == wanted


OFFERS = (
    "permessage-deflate; client_max_window_bits",
    "permessage-deflate; client_max_window_bits=9",
    "permessage-deflate; client_max_window_bits; server_max_window_bits=9",
    "permessage-deflate; client_max_window_bits; server_no_context_takeover",
    "permessage-deflate; client_max_window_bits; client_no_context_takeover",
)


class Deflated:
    """A client's side of permessage-deflate, as the server has agreed to it (RFC 7692)."""

    def __init__(self, head: bytes) -> None:
        agreed = re.search(rb"(?i)sec-websocket-extensions: *(permessage-deflate.*)\r\n", head)
        assert agreed is not None, head
        self._agreed = agreed[1]
        self._forgets = b"client_no_context_takeover" in self._agreed
        self._server_forgets = b"server_no_context_takeover" in self._agreed
        self._deflate = self._new_deflate()
        self._inflate = zlib.decompressobj(wbits=-15)

    def _new_deflate(self) -> Any:
        bits = re.search(rb"client_max_window_bits=(\d+)", self._agreed)
        return zlib.compressobj(wbits=-(15 if bits is None else int(bits[1])))

    def deflated(self, text: bytes) -> bytes:
        if self._forgets:
            self._deflate = self._new_deflate()
        data: bytes = self._deflate.compress(text) + self._deflate.flush(zlib.Z_SYNC_FLUSH)
        return data.removesuffix(b"\0\0\xff\xff")

    def inflated(self, data: bytes) -> bytes:
        if self._server_forgets:
            self._inflate = zlib.decompressobj(wbits=-15)
        return self._inflate.decompress(data + b"\0\0\xff\xff")


def compressed(data: bytes, size: int) -> bytes:
    """Returns a compressed message in fragments; the first one says that it is compressed."""
    pieces = octets(data, size) or [b""]
    return b"".join(
        frame(0 if number else TEXT, piece, fin=number == len(pieces) - 1, rsv=0 if number else 4)
        for number, piece in enumerate(pieces)
    )


@pytest.mark.asyncio
@pytest.mark.parametrize("offer", OFFERS)
async def test_autobahn_12_and_13(
    offer: str, serving: Serving, make_csms: Make, raw: Make, handshake: Make
) -> None:
    csms = make_csms(boot_gate=False)

    @csms.on(v201.DataTransferRequest)
    def transfer(station: object, request: v201.DataTransferRequest) -> v201.DataTransferResponse:
        return v201.DataTransferResponse(
            status=v201.DataTransferStatusEnumType.ACCEPTED, data=request.data
        )

    chance = random.Random(1)
    async with serving(csms) as port, raw(port) as client:
        client.send(handshake("/ocpp/CP001", f"Sec-WebSocket-Extensions: {offer}"))
        deflated = Deflated(await client.head())
        for size in (0, 16, 64, 256, 1024, 4096, 8192, 16384, 32768, 65536, 131072):
            data = "".join(chance.choices('ab{}[]",:é漢 ', k=size))
            call = json.dumps([2, f"{size}", "DataTransfer", {"vendorId": "V", "data": data}])
            for fragment in (1 << 20, 256):
                client.send(compressed(deflated.deflated(call.encode()), fragment))
                opcode, said = await client.next_frame()
                assert opcode == TEXT
                answer = json.loads(deflated.inflated(said) if client.compressed else said)
                assert (answer[:2], answer[2].get("data")) == ([3, f"{size}"], data)
        client.send(close())
        assert await client.next_frame() == (CLOSE, b"\x03\xe8")


@pytest.mark.asyncio
async def test_what_compression_forbids(
    serving: Serving, make_csms: Make, raw: Make, handshake: Make
) -> None:
    offer = "Sec-WebSocket-Extensions: permessage-deflate"
    message = zlib.compress(CALL, wbits=-12)
    cases = {
        # RFC 7692 section 6: only the first fragment says that a message is compressed.
        "continuation": frame(TEXT, message[:5], fin=False, rsv=4)
        + frame(CONT, message[5:], rsv=4),
        "ping": frame(PING, b"x", rsv=4),
        "other-bits": frame(TEXT, message, rsv=6),
    }
    if serving is by_aiohttp:
        # It does not look at the reserved bits of control frames once compression is agreed on.
        del cases["ping"]
    async with serving(make_csms(boot_gate=False)) as port:
        for name, data in cases.items():
            async with raw(port) as client:
                client.send(handshake("/ocpp/CP001", offer))
                await client.head()
                client.send(data)
                opcode, said = await client.next_frame()
                assert (name, opcode, said[:2]) == (name, CLOSE, b"\x03\xea")
