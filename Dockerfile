# The page and the service, from this repository alone:
#   docker build -t freefill . && docker run --rm --read-only --tmpfs /tmp -p 8765:8765 -e FREEFILL_TOKEN=WORD freefill
FROM python:3.11-slim AS build
WORKDIR /build
COPY pyproject.toml README.md LICENSE constraints.txt ./
COPY src src
RUN python -m venv /opt/freefill && /opt/freefill/bin/pip install --no-cache-dir -c constraints.txt '.[web]'

FROM python:3.11-slim
COPY --from=build /opt/freefill /opt/freefill
# Loops are compiled when they are first used and kept; /tmp is the one place that may be written.
ENV PATH=/opt/freefill/bin:$PATH NUMBA_CACHE_DIR=/tmp/numba XDG_CACHE_HOME=/tmp/cache PYTHONDONTWRITEBYTECODE=1
RUN useradd --uid 10001 freefill
USER 10001
EXPOSE 8765
HEALTHCHECK --start-period=120s CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8765/readyz')"]
ENTRYPOINT ["freefill", "serve", "--host", "0.0.0.0"]
