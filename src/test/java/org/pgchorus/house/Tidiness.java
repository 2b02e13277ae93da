package org.pgchorus.house;

import com.sun.source.tree.BlockTree;
import com.sun.source.tree.CatchTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.LineMap;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.Tree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.SourcePositions;
import com.sun.source.util.TreeScanner;
import com.sun.source.util.Trees;

import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/**
 * Reads one source file with the compiler's own parser and says what is untidy in it.
 *
 * <p>Rules: files under {@value #FILE_LINES} lines, functions under {@value #FUNCTION_LINES}, lines
 * of at most {@value #LINE_LENGTH} characters, nothing left to do, no empty catch. A catch with
 * only a comment inside is empty.
 */
final class Tidiness {
    static final int FILE_LINES = 500;
    static final int FUNCTION_LINES = 70;
    static final int LINE_LENGTH = 100;

    /** Written in two parts, so that this file does not accuse itself. */
    private static final Pattern LEFT_TO_DO =
            Pattern.compile("\\b(TO" + "DO|FIX" + "ME|XX" + "X)\\b");

    private final String name;
    private final String text;
    private final List<String> violations = new ArrayList<>();

    private Tidiness(String name, String text) {
        this.name = name;
        this.text = text;
    }

    /**
     * Everything untidy in a Java file, each as one sentence that begins with the file and the
     * line.
     *
     * @throws IllegalArgumentException if the parser finds no file in it at all
     */
    static List<String> ofJava(String name, String text) throws IOException {
        Tidiness file = new Tidiness(name, text);
        file.readLines();
        file.readTrees();
        return List.copyOf(file.violations);
    }

    /** Everything untidy in any other text. */
    static List<String> ofText(String name, String text) {
        Tidiness file = new Tidiness(name, text);
        file.lookForThingsLeft();
        return List.copyOf(file.violations);
    }

    private void readLines() {
        List<String> lines = text.lines().toList();
        if (lines.size() >= FILE_LINES) {
            complain(lines.size(), "a file of %d lines".formatted(lines.size()));
        }
        for (int i = 0; i < lines.size(); i++) {
            if (lines.get(i).length() > LINE_LENGTH) {
                complain(i + 1, "a line of %d characters".formatted(lines.get(i).length()));
            }
        }
        lookForThingsLeft();
    }

    private void lookForThingsLeft() {
        List<String> lines = text.lines().toList();
        for (int i = 0; i < lines.size(); i++) {
            Matcher matcher = LEFT_TO_DO.matcher(lines.get(i));
            if (matcher.find()) {
                complain(i + 1, "left to do: " + matcher.group());
            }
        }
    }

    private void readTrees() throws IOException {
        JavacTask task =
                (JavacTask)
                        ToolProvider.getSystemJavaCompiler()
                                .getTask(
                                        null,
                                        null,
                                        null,
                                        List.of("-proc:none"),
                                        null,
                                        List.of(source()));
        SourcePositions positions = Trees.instance(task).getSourcePositions();
        List<CompilationUnitTree> units = new ArrayList<>();
        task.parse().forEach(units::add);
        if (units.size() != 1) {
            throw new IllegalArgumentException("not one Java file: " + name);
        }
        units.getFirst().accept(new Reader(units.getFirst(), positions), null);
    }

    private JavaFileObject source() {
        return new SimpleJavaFileObject(
                URI.create("string:///Source.java"), JavaFileObject.Kind.SOURCE) {
            @Override
            public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                return text;
            }
        };
    }

    private void complain(long line, String what) {
        violations.add("%s:%d: %s".formatted(name, line, what));
    }

    private final class Reader extends TreeScanner<Void, Void> {
        private final CompilationUnitTree unit;
        private final LineMap lines;
        private final SourcePositions positions;

        Reader(CompilationUnitTree unit, SourcePositions positions) {
            this.unit = unit;
            this.lines = unit.getLineMap();
            this.positions = positions;
        }

        @Override
        public Void visitMethod(MethodTree method, Void nothing) {
            if (method.getBody() != null) {
                long length = lastLine(method) - firstLine(method) + 1;
                if (length >= FUNCTION_LINES) {
                    complain(
                            firstLine(method),
                            "%s is a function of %d lines".formatted(method.getName(), length));
                }
            }
            return super.visitMethod(method, null);
        }

        @Override
        public Void visitCatch(CatchTree caught, Void nothing) {
            BlockTree block = caught.getBlock();
            if (block.getStatements().isEmpty()) {
                complain(firstLine(caught), "an empty catch");
            }
            return super.visitCatch(caught, null);
        }

        private long firstLine(Tree tree) {
            return lines.getLineNumber(positions.getStartPosition(unit, tree));
        }

        private long lastLine(Tree tree) {
            return lines.getLineNumber(positions.getEndPosition(unit, tree));
        }
    }
}
