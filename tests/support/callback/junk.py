"""Noise that a port on a developer's machine hears."""

# What other programs say to a port they find: each is sent on a connection of its own.
JUNK = {
    "a TLS hello": bytes.fromhex("16030100c8010000c40303") + bytes(range(189)),
    "zero bytes": b"\0" * 2000,
    "HTTP/0.9": b"GET /callback\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a broken header": b"GET /callback HTTP/1.1\r\nHost 127.0.0.1\r\n\r\n",
    "a broken chunk": (
        b"POST /callback HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n"
    ),
    "another protocol": b"SSH-2.0-OpenSSH_9.2\r\n",
    "a header of 20 kB": b"GET / HTTP/1.1\r\nX: " + b"a" * 20_000 + b"\r\n\r\n",
}
