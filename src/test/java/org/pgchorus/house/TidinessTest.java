package org.pgchorus.house;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Every source file is tidy, and {@link Tidiness} finds each untidiness it speaks of. */
class TidinessTest {
    private static final Path MAIN = Path.of("src/main/java");
    private static final Path SOURCES = Path.of("src");

    @Test
    void everyJavaFileIsTidy() throws IOException {
        List<String> violations = new ArrayList<>();
        for (Path file : filesUnder(SOURCES, ".java")) {
            violations.addAll(Tidiness.ofJava(file.toString(), Files.readString(file)));
        }
        assertThat(violations).isEmpty();
    }

    @Test
    void nothingIsLeftToDoElsewhere() throws IOException {
        List<String> violations = new ArrayList<>();
        for (String ending :
                List.of(".sql", ".md", ".js", ".css", ".html", ".yaml", ".properties")) {
            for (Path file : filesUnder(SOURCES, ending)) {
                violations.addAll(Tidiness.ofText(file.toString(), Files.readString(file)));
            }
        }
        assertThat(violations).isEmpty();
    }

    @Test
    void everyPackageSaysWhatItIsFor() throws IOException {
        assertThat(filesUnder(MAIN, ".java"))
                .isNotEmpty()
                .allSatisfy(file -> assertThat(file.resolveSibling("package-info.java")).exists());
    }

    @Test
    void aFileOfFiveHundredLinesIsTooLong() throws IOException {
        String rest = "\n".repeat(Tidiness.FILE_LINES - 2);
        assertThat(Tidiness.ofJava("A.java", "class A {}\n" + rest)).isEmpty();
        assertThat(Tidiness.ofJava("A.java", "class A {}\n\n" + rest))
                .containsExactly("A.java:500: a file of 500 lines");
    }

    @Test
    void aFunctionOfSeventyLinesIsTooLong() throws IOException {
        String body = "\n".repeat(Tidiness.FUNCTION_LINES - 2);
        assertThat(Tidiness.ofJava("A.java", "class A {\n void f() {" + body + "}}")).isEmpty();
        assertThat(Tidiness.ofJava("A.java", "class A {\n void f() {\n" + body + "}}"))
                .containsExactly("A.java:2: f is a function of 70 lines");
    }

    @Test
    void aLineOverAHundredCharactersIsTooLong() throws IOException {
        assertThat(Tidiness.ofJava("A.java", "class A {}" + " ".repeat(90))).isEmpty();
        assertThat(Tidiness.ofJava("A.java", "class A {}" + " ".repeat(91)))
                .containsExactly("A.java:1: a line of 101 characters");
    }

    @Test
    void aCatchWithOnlyACommentIsEmpty() throws IOException {
        String source =
                """
                class A {
                    void f() {
                        try {
                            f();
                        } catch (RuntimeException e) {
                            // never mind
                        }
                    }
                }
                """;
        assertThat(Tidiness.ofJava("A.java", source)).containsExactly("A.java:5: an empty catch");
    }

    @Test
    void thingsLeftToDoAreFound() throws IOException {
        String left = "TO" + "DO";
        assertThat(Tidiness.ofJava("A.java", "class A {} // " + left + ": more"))
                .containsExactly("A.java:1: left to do: " + left);
        assertThat(Tidiness.ofText("a.sql", "-- one\n-- " + left))
                .containsExactly("a.sql:2: left to do: " + left);
    }

    private static List<Path> filesUnder(Path folder, String ending) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(file -> file.toString().endsWith(ending)).sorted().toList();
        }
    }
}
