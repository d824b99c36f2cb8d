# The page and the service, from this repository alone:
#   docker build -t freefill .
#   docker run --rm --read-only --tmpfs /tmp -p 8765:8765 -e FREEFILL_TOKEN=WORD freefill
# Networks that find people, or fill: -v freefill-weights:/weights, and once: docker run ... --entrypoint freefill freefill weights fetch people
FROM python:3.11-slim-bookworm AS build
WORKDIR /build
COPY pyproject.toml README.md LICENSE constraints.txt ./
COPY src src
RUN python -m venv /opt/freefill \
    && /opt/freefill/bin/pip install --no-cache-dir --disable-pip-version-check -c constraints.txt '.[web,heif,detect]'

FROM python:3.11-slim-bookworm
COPY --from=build /opt/freefill /opt/freefill
# Loops are compiled when they are first used and kept; /tmp is the one place that must be writable.
ENV PATH=/opt/freefill/bin:$PATH FREEFILL_WEIGHTS_DIR=/weights NUMBA_CACHE_DIR=/tmp/numba XDG_CACHE_HOME=/tmp/cache \
    PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
RUN useradd --no-log-init --uid 10001 freefill && install -d -o 10001 -g 10001 /weights
USER 10001
EXPOSE 8765
HEALTHCHECK --interval=30s --timeout=5s --start-period=180s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8765/readyz', timeout=4)"]
ENTRYPOINT ["freefill", "serve", "--host", "0.0.0.0"]
