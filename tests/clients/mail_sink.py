"""A mail server for tests: takes letters in and prints each as one line of JSON.

`--refuse ADDRESS` answers that recipient with 550. The first line printed says where it listens: {"listen": "127.0.0.1:PORT"}. Ends
when its standard input does.
"""

import argparse
import asyncio
import email
import email.policy
import json
import sys

from aiosmtpd.smtp import SMTP


class Sink:
    def __init__(self, refuse: list[str]) -> None:
        self._refuse = refuse

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        if address in self._refuse:
            return "550 5.1.1 no such person here"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 accepted"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        letter = email.message_from_bytes(envelope.content, policy=email.policy.default)
        told = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "subject": str(letter["subject"]),
            "message_id": str(letter["message-id"]),
            "body": letter.get_content(),
        }
        print(json.dumps(told, ensure_ascii=False), flush=True)
        return "250 2.0.0 taken as made-up-7"


async def run(refuse: list[str]) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Sink(refuse), enable_SMTPUTF8=True), "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    print(json.dumps({"listen": f"{host}:{port}"}), flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--refuse", action="append", default=[])
    asyncio.run(run(parser.parse_args().refuse))
