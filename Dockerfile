# The sensor in a container: two stages, a small image, no root at run time but for the capture
# capability. Build: docker build -t rmmwatch .
# Replay: docker run --rm -v "$PWD/pcaps:/pcaps:ro" rmmwatch replay /pcaps/aa23-025a-campaign.pcap
# Watch:  docker run --rm --net=host --cap-drop=ALL --cap-add=NET_RAW -v rmmwatch:/var/lib/rmmwatch \
#         rmmwatch run -i eth0          (the volume holds what outlives a restart, and the spool)
# Analyse: docker run --rm -v "$PWD/analyse.toml:/analyse.toml:ro" -v rmmwatch:/var/lib/rmmwatch \
#         rmmwatch analyse -c /analyse.toml
# The program's file bears the capability: with --cap-drop=ALL nothing starts without NET_RAW.

FROM rust:1.95-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends gcc libpcap-dev \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN cargo build --release --locked && strip target/release/rmmwatch

FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends libpcap0.8 libcap2-bin ca-certificates \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --no-create-home --shell /usr/sbin/nologin rmmwatch \
 && install -d -m 700 -o rmmwatch -g rmmwatch /var/lib/rmmwatch
COPY --from=build /src/target/release/rmmwatch /usr/local/bin/rmmwatch
COPY --from=build /src/config/rmmwatch.toml /src/config/policy.toml /usr/share/rmmwatch/
RUN setcap cap_net_raw=ep /usr/local/bin/rmmwatch && apt-get purge -y libcap2-bin
USER rmmwatch
ENTRYPOINT ["rmmwatch"]
CMD ["--help"]
