# The server and the command line as an image without shell or package manager:
#   docker build -t duider . && docker run --read-only --cap-drop ALL -p 127.0.0.1:8087:8087 duider
# With podman or buildah, build with --format docker: images of the OCI format have no HEALTHCHECK.
# The tests in the image's surroundings: docker build --target test .
FROM debian:12-slim AS build
COPY deploy/install-packages.sh /duider/deploy/
RUN /duider/deploy/install-packages.sh build
COPY . /duider
WORKDIR /duider
RUN make -j"$(nproc)" prefix=/usr DESTDIR=/built install && strip /built/usr/bin/*

# Beside the way to the image: they take minutes, and were run on the commit already. What only an image can lack is tried at its end.
FROM build AS test
RUN make test

FROM debian:12-slim AS run
COPY deploy/install-packages.sh deploy/collect-libraries.sh /deploy/
RUN /deploy/install-packages.sh run
COPY --from=build /built/usr/bin/ /image/usr/bin/
COPY --from=build /built/usr/share/duider/ /image/usr/share/duider/
COPY LICENSE NOTICE /image/usr/share/doc/duider/
RUN /deploy/collect-libraries.sh /image /image/usr/bin/duider /image/usr/bin/duider-server
# What they open while they run: charsets of pages, certificates of the hosts that pages are fetched from, fingerprints of languages.
RUN cd /usr/lib/*/gconv && cp -rL --parents "$PWD"/gconv-modules* "$PWD"/CP125?.so "$PWD"/ISO8859-2.so "$PWD"/ISO8859-15.so "$PWD"/MACINTOSH.so "$PWD"/UTF-16.so \
    /etc/ssl/certs/ca-certificates.crt /usr/share/libexttextcat /image

FROM scratch
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="duider" \
      org.opencontainers.image.description="Entities, attributed quotes and sentiment of Dutch, English and German news articles" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.licenses="MIT"
COPY --from=run /image/ /
ENV PATH=/usr/bin DUIDER_HOST=0.0.0.0
USER 65534:65534
RUN ["duider-server", "--check-config"]
EXPOSE 8087
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["duider-server", "--healthcheck"]
ENTRYPOINT ["duider-server"]
