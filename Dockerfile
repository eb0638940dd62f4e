# The image of the Cloud Run job (logwatch run) and of the service (logwatch serve). There is no CMD: arguments follow the name.
FROM python:3.11-slim AS builder
WORKDIR /src
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore

# Hashes stand in the locks, so nothing else can be installed; only wheels are taken, so nothing is compiled in C.
# The locks change seldom: these layers are kept from build to build.
COPY requirements-build.lock requirements.lock ./
RUN python -m venv /build \
 && /build/bin/pip install --quiet --require-hashes --no-deps --only-binary :all: -r requirements-build.lock
RUN python -m venv --without-pip /opt/logwatch \
 && /build/bin/pip --python /opt/logwatch/bin/python install --quiet --require-hashes --no-deps --only-binary :all: \
    -r requirements.lock

# Rules and templates come in through the wheel.
COPY pyproject.toml README.md ./
COPY logwatch logwatch
COPY rules rules
COPY templates templates
# Those of the targets of a settings file, where deploy/setup.sh has put any; the file names them there.
RUN mkdir /opt/logwatch/rules && if [ -d rules/targets ]; then mv rules/targets/* /opt/logwatch/rules/ && rmdir rules/targets; fi
COPY tools/commit_hook.py tools/commit_hook.py
# What `logwatch --version` says: no clone comes in here. docker build --build-arg COMMIT="$(git rev-parse --short=9 HEAD)"
ARG COMMIT=
RUN /build/bin/pip wheel --quiet --no-deps --no-index --no-build-isolation --wheel-dir /wheel . \
 && /build/bin/pip --python /opt/logwatch/bin/python install --quiet --no-deps --no-index /wheel/*.whl

# Bytecode that no time of a file can make stale: nobody could write it anew later, and without it a start takes four times as long.
RUN /opt/logwatch/bin/python -m compileall -qf -j 0 --invalidation-mode unchecked-hash /opt/logwatch/lib

FROM python:3.11-slim
ENV PATH=/opt/logwatch/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 MPLCONFIGDIR=/var/cache/logwatch

# The slim image comes without bytecode of the standard library. (What is left out are tests and files that are wrong on purpose.)
RUN python -m compileall -qf -j 0 --invalidation-mode unchecked-hash -x '(site|dist)-packages|/tests?/|lib2to3' \
    "$(python -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')"

COPY --from=builder /opt/logwatch /opt/logwatch
# matplotlib looks for fonts once, here, and not in each run that sends a mail.
RUN mkdir -p "$MPLCONFIGDIR" && python -c 'import matplotlib.font_manager' && chown -R 10001 "$MPLCONFIGDIR"

USER 10001
ENTRYPOINT ["logwatch"]
