"""A mail server for the tests: STARTTLS, implicit TLS and AUTH, with answers by address.

    smtp-server.py FOLDER MODE [PORT]

MODE is starttls, implicit or plain. The server makes an authority and a certificate in FOLDER, writes its port to
FOLDER/port, and each mail that it takes to FOLDER/mail/NNNNNN.eml, byte for byte, with FOLDER/mail/NNNNNN.envelope
beside it. FOLDER/sessions holds the number of connections so far. It ends when its standard input does.

A recipient's local part chooses the answer: `say-550-words-with-hyphens@…` is refused with `550 words with hyphens`;
`drop@…` ends the connection; `after-554@…` is refused after the content; `slow@…` is answered after a minute;
`think@…` is taken two seconds after its content; `ponder@…` is taken, and answered two seconds later; `bye@…` is
taken, and the session is ended right after it.
"""
import asyncio
import os
import ssl
import subprocess
import sys
import threading

from aiosmtpd.smtp import SMTP, AuthResult

folder, mode = sys.argv[1], sys.argv[2]
port = int(sys.argv[3]) if len(sys.argv) > 3 else 0
os.makedirs(folder + "/mail", exist_ok=True)
os.chdir(folder)
sessions = 0
# One that starts again in the folder of another goes on counting.
mails = sum(name.endswith(".eml") for name in os.listdir("mail"))
thoughts = 0


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


def make_certificate():
    if os.path.exists("cert.pem"):
        return
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", "1",
            "-subj", "/CN=test authority")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "request.pem", "-subj",
            "/CN=localhost")
    with open("names", "w") as names:
        names.write("subjectAltName=DNS:localhost")
    openssl("x509", "-req", "-in", "request.pem", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out",
            "cert.pem", "-days", "1", "-extfile", "names")


def write(name, data):
    with open(name + ".new", "wb") as file:
        file.write(data)
    os.rename(name + ".new", name)


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        local = address.split("@")[0]
        if local.startswith("say-"):
            return local[4:].replace("-", " ")
        if local == "drop":
            server.transport.abort()
            return "250 never seen"
        if local == "slow":
            await asyncio.sleep(60)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        global mails, thoughts
        local = envelope.rcpt_tos[0].split("@")[0]
        if local.startswith("after-"):
            return local[6:].replace("-", " ")
        if local == "think":
            thoughts += 1
            write("thoughts", str(thoughts).encode())
            await asyncio.sleep(2)
        mails += 1
        name = "mail/%06d" % mails
        lines = [envelope.mail_from, *envelope.rcpt_tos, "tls" if server.transport.get_extra_info("sslcontext") else "plain",
                 "auth" if session.authenticated else "no auth"]
        write(name + ".envelope", "\n".join(lines).encode())
        write(name + ".eml", envelope.original_content)
        if local == "ponder":
            await asyncio.sleep(2)
        if local == "bye":
            asyncio.get_running_loop().call_later(0.05, server.transport.close)
        return "250 2.0.0 Ok: queued as %06d" % mails


class Server(SMTP):
    def connection_made(self, transport):
        global sessions
        # After STARTTLS it is called again, for the same session.
        if not isinstance(transport, asyncio.sslproto._SSLProtocolTransport) or mode == "implicit":
            sessions += 1
            write("sessions", str(sessions).encode())
        super().connection_made(transport)


def authenticate(server, session, envelope, mechanism, data):
    isKnown = getattr(data, "login", b"") == b"user" and getattr(data, "password", b"") == b"pass word"
    return AuthResult(success=isKnown, handled=False)


async def main():
    make_certificate()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain("cert.pem", "key.pem")
    loop = asyncio.get_running_loop()

    def make():
        return Server(Handler(), hostname="mail.test", authenticator=authenticate, auth_required=mode != "plain",
                      auth_require_tls=mode == "starttls", require_starttls=mode == "starttls",
                      tls_context=context if mode == "starttls" else None, enable_SMTPUTF8=False,
                      data_size_limit=64 << 20)

    server = await loop.create_server(make, "127.0.0.1", port, ssl=context if mode == "implicit" else None)
    write("port", str(server.sockets[0].getsockname()[1]).encode())

    def live():
        sys.stdin.read()
        os._exit(0)

    threading.Thread(target=live, daemon=True).start()
    await server.serve_forever()


asyncio.run(main())
