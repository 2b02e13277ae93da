package org.pgchorus.house;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Links from one document to another that lead nowhere. */
public final class Links {
    private static final Pattern LINK = Pattern.compile("\\]\\(([^)\\s]+)\\)");
    private static final Pattern CODE = Pattern.compile("(?ms)^```.*?^```|`[^`\\n]+`");
    private static final Pattern HEADING = Pattern.compile("(?m)^#+ +(.+?)\\s*$");

    private Links() {}

    /** Each as {@code document: link}, of all documents under some files and folders. */
    public static List<String> broken(List<Path> places) throws IOException {
        List<String> broken = new ArrayList<>();
        for (Path place : places) {
            try (Stream<Path> files = Files.walk(place)) {
                for (Path file : files.filter(it -> it.toString().endsWith(".md")).toList()) {
                    brokenIn(file, broken);
                }
            }
        }
        return broken;
    }

    private static void brokenIn(Path document, List<String> broken) throws IOException {
        Matcher link = LINK.matcher(CODE.matcher(Files.readString(document)).replaceAll(""));
        while (link.find()) {
            String to = link.group(1);
            if (!to.matches("(https?|mailto):.*") && !leadsSomewhere(document, to)) {
                broken.add(document + ": " + to);
            }
        }
    }

    private static boolean leadsSomewhere(Path document, String link) throws IOException {
        String[] parts = link.split("#", 2);
        Path target = parts[0].isEmpty() ? document : document.resolveSibling(parts[0]).normalize();
        if (!Files.exists(target)) {
            return false;
        }
        return parts.length == 1 || headings(Files.readString(target)).contains(parts[1]);
    }

    /** As the usual viewers make anchors of headings. */
    private static List<String> headings(String text) {
        return HEADING.matcher(text)
                .results()
                .map(heading -> heading.group(1).toLowerCase(Locale.ROOT))
                .map(heading -> heading.replaceAll("[^\\w\\- ]", "").replace(' ', '-'))
                .collect(Collectors.toList());
    }
}
