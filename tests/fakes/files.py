"""The page's own files, served as the server serves them."""

from pathlib import Path

from aiohttp import web

PAGE = Path(__file__).parents[2] / "bots" / "meet" / "page"
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self' ws://{host}; "
    "worker-src 'self'; media-src 'self' blob:; img-src 'self' data:; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".html": "text/html"}


def file(request: web.Request, name: str, status: int = 200) -> web.Response:
    """One of the page's files, with the headers that the page must get along with."""
    path = PAGE / name
    if path.parent != PAGE or not path.is_file():
        raise web.HTTPNotFound
    return web.Response(
        body=path.read_bytes(),
        status=status,
        content_type=TYPES[path.suffix],
        charset="utf-8",
        headers={"Content-Security-Policy": CSP.format(host=request.host)},
    )
