# docker build -t duider . && docker run -p 8087:8087 duider
FROM debian:12-slim AS build
COPY deploy /duider/deploy
RUN /duider/deploy/install-packages.sh build
COPY . /duider
WORKDIR /duider
RUN make -j"$(nproc)" all && make test && make install prefix=/usr DESTDIR=/image

FROM debian:12-slim
COPY deploy/install-packages.sh /tmp/
RUN /tmp/install-packages.sh run && rm -rf /tmp/install-packages.sh /var/lib/apt/lists/*
COPY --from=build /image/usr /usr
USER nobody
ENV DUIDER_HOST=0.0.0.0 DUIDER_MODEL=/usr/share/duider/duider.model
EXPOSE 8087
HEALTHCHECK --interval=10s --timeout=3s CMD ["duider-server", "--healthcheck"]
CMD ["duider-server"]
