# One image for every service of docker-compose.yml.
FROM python:3.11.13-slim-bookworm

# An index with builds of torch for your machine (CPU alone, ROCm, …); PyPI's build when empty.
ARG TORCH_INDEX_URL=""

ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1

WORKDIR /opt/stillhouse
COPY constraints.txt ./
RUN if [ -n "$TORCH_INDEX_URL" ]; then \
        pip install --constraint constraints.txt --index-url "$TORCH_INDEX_URL" torch torchvision; \
    fi

COPY pyproject.toml README.md LICENSE ./
COPY app app
COPY embedding embedding
COPY migrations migrations
COPY networks networks
COPY stillhouse stillhouse
COPY workers workers
RUN pip install --constraint constraints.txt '.[timm]'

RUN useradd --create-home --uid 10001 stillhouse \
    && install --directory --owner stillhouse --group stillhouse /var/lib/stillhouse /tmp/ray
USER stillhouse
WORKDIR /home/stillhouse
ENV STILLHOUSE_HOME=/var/lib/stillhouse
VOLUME /var/lib/stillhouse
EXPOSE 8000

# It starts when there is an API key, which the same volume keeps:
# stillhouse db upgrade && stillhouse keys create --name me
CMD ["stillhouse", "serve", "--host", "0.0.0.0"]
