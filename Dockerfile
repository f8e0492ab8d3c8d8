# The sidecar for a ClickHouse server: without the embedded engine, its development tools and a shell session of root.
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build

FROM node:24-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --omit=optional --ignore-scripts && npm cache clean --force

# The example gateway with fake providers and some traffic, for `docker compose --profile example up`.
FROM node:24-bookworm-slim AS example
WORKDIR /app
ENV NODE_ENV=production
COPY --from=dependencies /app/node_modules node_modules
COPY package.json ./
COPY src src
COPY examples examples
USER 10001:10001
CMD ["node", "examples/gateway/main.ts"]

FROM node:24-bookworm-slim
LABEL org.opencontainers.image.title="ops-sidecar" \
      org.opencontainers.image.description="Sidecar log collector for API and LLM gateways" \
      org.opencontainers.image.licenses="Apache-2.0"
WORKDIR /app
# glibc gives buffers from 1 MiB on back when they are freed, keeps 2 MiB of what smaller ones leave, and has two arenas instead of
# eight for each core.
ENV NODE_ENV=production \
    MALLOC_ARENA_MAX=2 \
    MALLOC_MMAP_THRESHOLD_=1048576 \
    MALLOC_TRIM_THRESHOLD_=2097152 \
    OPS_DATA_DIR=/var/lib/ops-sidecar
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json LICENSE ./
COPY clickhouse clickhouse
RUN install -d -o 10001 -g 10001 -m 0700 /var/lib/ops-sidecar
USER 10001:10001
VOLUME ["/var/lib/ops-sidecar"]
EXPOSE 4317 4318 4380
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:4380/healthz').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "--max-semi-space-size=8", "--initial-heap-size=64", "dist/main.js"]
