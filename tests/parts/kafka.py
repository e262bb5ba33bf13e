"""A real Kafka broker without containers: Java, the broker's jars by Maven, one KRaft node on loopback."""

from __future__ import annotations

import asyncio
import base64
import fcntl
import os
import shutil
import subprocess
import uuid
from pathlib import Path

from aiokafka.admin import AIOKafkaAdminClient

from tests.parts.process import PartMissing, Server, free_port

VERSION = "3.9.1"

POM = f"""<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>local</groupId><artifactId>kafka-jars</artifactId><version>1</version>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>{VERSION}</version>
    </dependency>
  </dependencies>
</project>
"""

PROPERTIES = """
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs={data}
num.partitions=1
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=2
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=1500
broker.heartbeat.interval.ms=300
group.min.session.timeout.ms=1000
log.retention.check.interval.ms=1000
log.initial.task.delay.ms=500
file.delete.delay.ms=500
"""

LOGGING = """
log4j.rootLogger=WARN, out
log4j.appender.out=org.apache.log4j.ConsoleAppender
log4j.appender.out.layout=org.apache.log4j.PatternLayout
log4j.appender.out.layout.ConversionPattern=%d %p %c: %m%n
"""

ADVICE = "install a Java 17 runtime and Maven (Debian: apt-get install openjdk-17-jre-headless maven)"


def jars() -> Path:
    """The folder of the broker's jars, fetched once into the user's cache."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "opscentre" / f"kafka-{VERSION}"
    lib = folder / "lib"
    if (lib / f"kafka_2.13-{VERSION}.jar").is_file():
        return lib
    maven = shutil.which("mvn")
    if maven is None:
        raise PartMissing(f"no Kafka jars in {lib} and no 'mvn' to fetch them: {ADVICE}")
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        # One test process fetches, the others wait for it.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not lib.is_dir():
            _fetch(maven, folder, lib)
    return lib


def _fetch(maven: str, folder: Path, lib: Path) -> None:
    (folder / "pom.xml").write_text(POM, encoding="utf-8")
    # Into a folder of its own first: a fetch that breaks off must not look like a whole one.
    fetched = folder / f"lib-{os.getpid()}"
    done = subprocess.run(
        [maven, "-q", "-B", "dependency:copy-dependencies", f"-DoutputDirectory={fetched}", "-DincludeScope=runtime"],
        cwd=folder, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        shutil.rmtree(fetched, ignore_errors=True)
        said = f"{done.stdout[-500:]} {done.stderr[-500:]}"
        raise PartMissing(f"Maven could not fetch Kafka {VERSION}: {said}; check the network")
    fetched.rename(lib)


def java() -> str:
    """The Java launcher."""
    found = shutil.which("java")
    if found is None:
        raise PartMissing(f"no 'java' on the PATH: {ADVICE}")
    return found


class Kafka(Server):
    """One broker that is its own controller; its log lives in ``folder`` and outlives a kill."""

    name = "kafka"
    patience = 60.0

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._java = java()
        self._classpath = f"{jars()}/*"
        self._controller = free_port()
        self._write_configuration()
        self._format()

    @property
    def url(self) -> str:
        """The broker URL of the settings."""
        return f"kafka://127.0.0.1:{self.port}"

    @property
    def bootstrap(self) -> str:
        """The address that Kafka clients take."""
        return f"127.0.0.1:{self.port}"

    def command(self) -> list[str]:
        return [
            self._java, "-Xmx512m", "-Xms128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto",
            f"-Dlog4j.configuration=file:{self.folder}/log4j.properties",
            "-cp", self._classpath, "kafka.Kafka", f"{self.folder}/server.properties",
        ]  # fmt: skip

    def wipe(self) -> None:
        """Delete every topic (Kafka drops the offsets committed on them), and wait until they are gone."""

        async def delete() -> None:
            admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
            await admin.start()
            try:
                while names := [name for name in await admin.list_topics() if not name.startswith("__")]:
                    await admin.delete_topics(names)
                    await asyncio.sleep(0.05)
            finally:
                await admin.close()

        asyncio.run(delete())

    def _write_configuration(self) -> None:
        properties = PROPERTIES.format(port=self.port, controller=self._controller, data=self.folder / "data")
        (self.folder / "server.properties").write_text(properties, encoding="utf-8")
        (self.folder / "log4j.properties").write_text(LOGGING, encoding="utf-8")

    def _format(self) -> None:
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        done = subprocess.run(
            [self._java, f"-Dlog4j.configuration=file:{self.folder}/log4j.properties", "-cp", self._classpath,
             "kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "-c", f"{self.folder}/server.properties"],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"Kafka's storage could not be formatted: {done.stdout} {done.stderr}"
