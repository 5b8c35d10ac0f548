# The image of the Action: one static binary, the certificates that it needs for HTTPS, and nothing else. No shell, no user, no
# distribution.
#
# Where the files come from. `builder` compiles them. `prebuilt` takes them from the folder container/prebuilt of the build context, for
# a binary that was compiled elsewhere: a release does that, and tests/container.sh.
ARG FILES=builder
# The toolchain's image. A release pins it by digest: --build-arg TOOLCHAIN=docker.io/library/rust@sha256:…
# Its Debian must have glibc 2.34 or later: from there on, a static binary resolves host names without loading anything.
ARG TOOLCHAIN=docker.io/library/rust:1.95-bookworm

FROM ${TOOLCHAIN} AS builder
WORKDIR /source
COPY . .
# A named target keeps the flag away from build scripts and procedural macros, which cannot be static.
RUN target="$(rustc --print host-tuple)" \
 && RUSTFLAGS='-C target-feature=+crt-static' cargo build --locked --profile dist --package sluice-gitops --bin sluice --target "$target" \
 && mkdir /files \
 && cp "target/$target/dist/sluice" /etc/ssl/certs/ca-certificates.crt /files/

FROM scratch AS prebuilt
COPY container/prebuilt/ /files/

FROM ${FILES} AS files

FROM scratch
# Where rustls-native-certs looks first. No certificates are compiled in.
COPY --from=files /files/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
# Where libgit2 looks for the system's configuration.
COPY container/gitconfig /etc/gitconfig
COPY --from=files /files/sluice /sluice
# No WORKDIR and no USER: the runner sets the folder, and the mounted files need root.
ENTRYPOINT ["/sluice"]
