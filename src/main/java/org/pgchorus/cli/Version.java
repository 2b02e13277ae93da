package org.pgchorus.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;

/** Which pgchorus this is, as the build wrote it down. */
final class Version {
    private Version() {}

    /** Such as {@code 0.1.0}. */
    static String number() {
        Properties properties = new Properties();
        try (InputStream in = Version.class.getResourceAsStream("version.properties")) {
            properties.load(in);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read version.properties in the jar", e);
        }
        return properties.getProperty("version");
    }

    /** For people: {@code pgchorus 0.1.0}. */
    static String line() {
        return "pgchorus " + number();
    }
}
