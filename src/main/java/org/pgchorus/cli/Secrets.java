package org.pgchorus.cli;

import java.util.regex.Pattern;

/**
 * Takes passwords out of texts that repeat what was typed. Pure.
 *
 * <p>Addresses print themselves without one; this is for words that never became an address.
 */
final class Secrets {
    private static final Pattern IN_URI =
            Pattern.compile("(postgres(?:ql)?://[^\\s:/?@]*:)[^\\s]*@");

    private static final Pattern AS_WORD =
            Pattern.compile("\\b((?:ssl)?password\\s*=\\s*)('(?:[^'\\\\]|\\\\.)*'|[^\\s&'\"]+)");

    private Secrets() {}

    /** The text with {@code ***} where a password stood. */
    static String hidden(String text) {
        return AS_WORD.matcher(IN_URI.matcher(text).replaceAll("$1***@")).replaceAll("$1***");
    }
}
