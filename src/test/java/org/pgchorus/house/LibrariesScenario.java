package org.pgchorus.house;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.jar.JarFile;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** What is shipped is what is written down, with its license. */
class LibrariesScenario {
    private static final Path LIB = Path.of("target/lib");
    private static final Path BILL = Path.of("target/pgchorus-bom.json");

    private static final Pattern LISTED =
            Pattern.compile("(?m)^\\| `([A-Za-z0-9.-]+)` \\| ([^|]+) \\| [^|]+ \\|$");

    private static final Pattern FILE = Pattern.compile("(.+?)-[0-9][0-9.]*\\.jar");

    /** Words that a file says of its license, by the name that is written down. */
    private static final Map<String, String> WORDS =
            Map.of(
                    "MIT", "(?i).*\\bmit\\b.*",
                    "Apache-2.0", ".*(LICENSE-2\\.0|Apache-2\\.0).*",
                    "EPL-2.0 or LGPL-2.1", ".*epl-v20.*lgpl-2\\.1.*",
                    "BSD-2-Clause", "BSD-2-Clause",
                    "0BSD", "0BSD");

    private static Map<String, String> listed() throws IOException {
        Map<String, String> licenses = new TreeMap<>();
        Matcher line =
                LISTED.matcher(Files.readString(Path.of("docs/decisions/0001-libraries.md")));
        while (line.find()) {
            licenses.put(line.group(1), line.group(2));
        }
        return licenses;
    }

    private static Map<String, Path> shipped() throws IOException {
        Map<String, Path> files = new TreeMap<>();
        try (Stream<Path> all = Files.list(LIB)) {
            for (Path file : all.toList()) {
                Matcher name = FILE.matcher(file.getFileName().toString());
                assertThat(name.matches()).as("%s is a release", file).isTrue();
                files.put(name.group(1), file);
            }
        }
        return files;
    }

    @Test
    void everyFileIsListedWithTheLicenseThatItNames() throws IOException {
        assumeTrue(Files.isDirectory(LIB), "nothing was packaged");
        Map<String, String> listed = listed();
        Map<String, Path> shipped = shipped();
        assertThat(listed.keySet()).isEqualTo(shipped.keySet());
        for (var one : shipped.entrySet()) {
            String expected = listed.get(one.getKey());
            assertThat(WORDS).containsKey(expected);
            try (JarFile jar = new JarFile(one.getValue().toFile())) {
                Optional<String> said =
                        Optional.ofNullable(
                                jar.getManifest().getMainAttributes().getValue("Bundle-License"));
                said.ifPresent(license ->
                        assertThat(license).as(one.getKey()).matches(WORDS.get(expected)));
            }
        }
    }

    /** The bill is made with the packages only. */
    @Test
    void theBillOfMaterialsNamesTheSame() throws IOException {
        assumeTrue(Files.exists(BILL) && Files.isDirectory(LIB), "no bill was made");
        TreeSet<String> named = new TreeSet<>();
        for (JsonNode component : new ObjectMapper().readTree(BILL.toFile()).get("components")) {
            named.add(component.get("name").asText());
        }
        assertThat(named).isEqualTo(shipped().keySet());
    }
}
