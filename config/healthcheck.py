"""Does Spokenly live? Asks /healthz of this machine; exit status 0 or 1, as HEALTHCHECK wants it.

Runs on the standard library alone, because it starts every half minute.
"""

import os
import ssl
import sys
import urllib.error
import urllib.request


def address() -> str:
    scheme = "https" if os.environ.get("SPOKENLY_TLS_CERT") else "http"
    return f"{scheme}://127.0.0.1:{os.environ.get('SPOKENLY_PORT') or 8080}/healthz"


def main() -> int:
    # The certificate is made out to the public name, and this request never leaves the machine.
    trusting = ssl.create_default_context()
    trusting.check_hostname = False
    trusting.verify_mode = ssl.CERT_NONE
    direct = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trusting)
    )
    try:
        with direct.open(address(), timeout=4) as answer:
            return 0 if answer.status == 200 else 1
    except (urllib.error.URLError, OSError) as error:
        sys.stderr.write(f"{type(error).__name__}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
