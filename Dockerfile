# Spokenly in a container: `docker build -t spokenly .` and `docker run --rm -p 127.0.0.1:8080:8080 spokenly`.
# Browsers give a microphone to HTTPS pages and to localhost only, so other machines need a proxy with HTTPS.

FROM python:3.13-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
RUN ["python", "-m", "venv", "/opt/spokenly"]
# What changes seldom comes first, so that a change of the code doesn't fetch everything again.
COPY requirements.lock ./
RUN ["/opt/spokenly/bin/python", "-m", "pip", "install", "--no-deps", "--require-hashes", "--only-binary", ":all:", "-r", "requirements.lock"]
COPY pyproject.toml README.md LICENSE ./
COPY core core
COPY bots bots
RUN ["/opt/spokenly/bin/python", "-m", "pip", "install", "--no-deps", "--no-build-isolation", "."]

FROM python:3.13-slim-bookworm
LABEL org.opencontainers.image.title="Spokenly" org.opencontainers.image.licenses="MIT"
RUN ["useradd", "--system", "--user-group", "--uid", "10001", "--home-dir", "/data", "--create-home", "--shell", "/usr/sbin/nologin", "spokenly"]
# A virtual environment only works where it was made: the same path, on the same base.
COPY --from=build /opt/spokenly /opt/spokenly
COPY config/healthcheck.py /opt/spokenly/healthcheck.py
# Inside, it listens on all of the container's addresses; which of them are reachable is up to `--publish`.
# Records are kept in /data: mount a volume there, or they go with the container.
ENV PATH=/opt/spokenly/bin:$PATH PYTHONUNBUFFERED=1 SPOKENLY_HOST=0.0.0.0 SPOKENLY_LOG_FORMAT=json SPOKENLY_DATA_DIR=/data
VOLUME /data
WORKDIR /opt/spokenly
USER 10001:10001
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 CMD ["python", "/opt/spokenly/healthcheck.py"]
ENTRYPOINT ["spokenly"]
CMD ["run"]
