package org.pgchorus.scenario;

import org.pgchorus.config.Address;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/** Lets a server encrypt, with a certificate that nobody has signed, or with a given one. */
final class Certificate {
    private static final String SECRET = "changeit";
    private static final Base64.Encoder LINES = Base64.getMimeEncoder(64, new byte[] {'\n'});

    private Certificate() {}

    /** With one that nobody has signed. */
    static void install(Address server) {
        try {
            Path folder = Files.createTempDirectory("pgchorus-certificate");
            Path file = folder.resolve("store.p12");
            keytool(file, "server", "CN=localhost", List.of());
            KeyStore store = KeyStore.getInstance("PKCS12");
            try (InputStream in = Files.newInputStream(file)) {
                store.load(in, SECRET.toCharArray());
            }
            Files.delete(file);
            Files.delete(folder);
            String certificate = pem("CERTIFICATE", store.getCertificate("server").getEncoded());
            byte[] key = store.getKey("server", SECRET.toCharArray()).getEncoded();
            install(server, pem("PRIVATE KEY", key), certificate, certificate);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * With a given one. The server writes the files itself: they have to be its own.
     *
     * @param root who signs its clients' certificates
     */
    static void install(Address server, String key, String certificate, String root) {
        Premises.run(
                server,
                write("server.key", key),
                write("server.crt", certificate),
                write("root.crt", root),
                "ALTER SYSTEM SET ssl_ca_file = 'root.crt'",
                "ALTER SYSTEM SET ssl = on",
                "SELECT pg_reload_conf()");
        TestGroup.await(
                "it encrypts", () -> Premises.column(server, "SHOW ssl").getFirst().equals("on"));
    }

    static void remove(Address server) {
        Premises.run(server, "ALTER SYSTEM RESET ssl", "SELECT pg_reload_conf()");
        TestGroup.await(
                "it does not encrypt",
                () -> Premises.column(server, "SHOW ssl").getFirst().equals("off"));
    }

    /** Makes a key and its certificate, in a store that may be there already. */
    static void keytool(Path store, String alias, String name, List<String> options) {
        List<String> command =
                new ArrayList<>(
                        List.of(
                                Path.of(System.getProperty("java.home"), "bin", "keytool")
                                        .toString(),
                                "-J-XX:TieredStopAtLevel=1",
                                "-genkeypair",
                                "-keyalg",
                                "EC",
                                "-storetype",
                                "PKCS12"));
        command.addAll(List.of("-alias", alias, "-dname", name));
        command.addAll(List.of("-storepass", SECRET, "-keystore", store.toString()));
        command.addAll(options);
        try {
            Process keytool = new ProcessBuilder(command).inheritIO().start();
            if (keytool.waitFor() != 0) {
                throw new IllegalStateException("keytool failed");
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    static String pem(String what, byte[] bytes) {
        return "-----BEGIN %1$s-----\n%2$s\n-----END %1$s-----"
                .formatted(what, LINES.encodeToString(bytes));
    }

    private static String write(String file, String text) {
        return "COPY (SELECT unnest(string_to_array('%s', E'\\n')))".formatted(text.strip())
                + " TO PROGRAM 'umask 077; cat > %s'".formatted(file);
    }
}
