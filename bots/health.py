"""For whoever runs Spokenly: does it live, is it ready, what does it count."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web
from prometheus_client.exposition import choose_encoder

from core.metrics import Metrics


def health_routes(
    ready: Callable[[], Mapping[str, bool]], metrics: Metrics | None = None
) -> list[web.RouteDef]:
    """`/healthz`, `/readyz` and, with `metrics`, `/metrics`; for `app.add_routes`.

    `ready` tells of each part that has to be ready whether it is, e.g. `{"engine": True, "accepting": True}`.
    It is asked at every request, so it only looks.
    """

    async def healthz(_request: web.Request) -> web.Response:
        return web.json_response({"alive": True}, headers=_FRESH)

    async def readyz(_request: web.Request) -> web.Response:
        parts = dict(ready())
        everything = all(parts.values())
        return web.json_response(
            {"ready": everything, "parts": parts}, status=200 if everything else 503, headers=_FRESH
        )

    routes = [web.get("/healthz", healthz), web.get("/readyz", readyz)]
    if metrics is not None:
        routes.append(web.get("/metrics", _metrics(metrics)))
    return routes


_FRESH = {"Cache-Control": "no-store"}


def _metrics(metrics: Metrics) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def show(request: web.Request) -> web.Response:
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        # What the process uses is read from files of the system.
        body = await asyncio.to_thread(encode, metrics.registry)
        return web.Response(body=body, headers=_FRESH | {"Content-Type": content_type})

    return show
