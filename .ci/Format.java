import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;

/**
 * Checks or mends the format of every Java file under some folders, with google-java-format.
 *
 * <p>Run by the build as {@code java Format.java check|write FOLDER...}; a process of its own
 * because the Java that runs Maven may be too old to parse the source.
 */
public final class Format {
    private static final String CURE = "mvn -q -Pformat process-sources";

    private Format() {}

    public static void main(String[] args) throws IOException {
        List<String> files = new ArrayList<>();
        for (String folder : List.of(args).subList(1, args.length)) {
            files.addAll(javaFilesUnder(Path.of(folder)));
        }
        boolean well =
                switch (args[0]) {
                    case "check" -> check(files);
                    case "write" -> write(files);
                    default -> throw new IllegalArgumentException("check or write: " + args[0]);
                };
        System.exit(well ? 0 : 1);
    }

    private static boolean check(List<String> files) {
        StringWriter differing = new StringWriter();
        if (run(List.of("--dry-run", "--set-exit-if-changed"), files, differing) == 0) {
            return true;
        }
        differing.toString().lines().forEach(file -> System.err.println("not formatted: " + file));
        System.err.println("The cure: " + CURE);
        return false;
    }

    private static boolean write(List<String> files) {
        return run(List.of("--replace"), files, new StringWriter()) == 0;
    }

    private static int run(List<String> options, List<String> files, StringWriter out) {
        List<String> all = new ArrayList<>(List.of("--aosp"));
        all.addAll(options);
        all.addAll(files);
        ToolProvider formatter = ToolProvider.findFirst("google-java-format").orElseThrow();
        return formatter.run(
                new PrintWriter(out, true),
                new PrintWriter(System.err, true),
                all.toArray(String[]::new));
    }

    private static List<String> javaFilesUnder(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.map(Path::toString)
                    .filter(name -> name.endsWith(".java"))
                    .sorted()
                    .toList();
        }
    }
}
