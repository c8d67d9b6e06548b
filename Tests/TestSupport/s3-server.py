"""A store with S3's interface: moto's server, which checks signatures and rights.

    s3-server.py FOLDER [PORT]

Writes its port to FOLDER/port once there is a bucket `tickets`, and an access key with the right to it in
FOLDER/key-id and FOLDER/secret. Ends when its standard input does.
"""

import os
import site
import sys
import threading
import urllib.request
from pathlib import Path

FOLDER = Path(sys.argv[1])
PORT = int(sys.argv[2]) if len(sys.argv) > 2 else 0
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
for packages in (CACHE / "flotilla/test-venv").glob("lib/python*/site-packages"):
    site.addsitedir(str(packages))

POLICY = """{"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
    "Action": ["s3:PutObject", "s3:GetObject", "s3:DeleteObject", "s3:ListBucket"], "Resource": "*"}]}"""


def main() -> None:
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", PORT, verbose=False)
    server.start()
    port = server.get_host_and_port()[1]
    url = f"http://127.0.0.1:{port}"
    common = {"endpoint_url": url, "region_name": "us-east-1", "aws_access_key_id": "setup", "aws_secret_access_key": "setup"}
    boto3.client("s3", **common).create_bucket(Bucket="tickets")
    iam = boto3.client("iam", **common)
    iam.create_user(UserName="tickets")
    iam.put_user_policy(UserName="tickets", PolicyName="tickets", PolicyDocument=POLICY)
    key = iam.create_access_key(UserName="tickets")["AccessKey"]
    # From here on every request has to be signed, and allowed.
    plain = {"Content-Type": "text/plain"}
    urllib.request.urlopen(urllib.request.Request(f"{url}/moto-api/reset-auth", b"0", plain, method="POST")).read()
    write("key-id", key["AccessKeyId"])
    write("secret", key["SecretAccessKey"])
    write("port", str(port))


def write(name: str, text: str) -> None:
    draft = FOLDER / f"{name}.draft"
    draft.write_text(text)
    draft.rename(FOLDER / name)


threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
main()
threading.Event().wait()
