package org.pgchorus.scenario;

import org.pgchorus.config.Address;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Base64;

/** Lets a server encrypt, with a certificate that nobody has signed. */
final class Certificate {
    private static final String SECRET = "changeit";
    private static final Base64.Encoder LINES = Base64.getMimeEncoder(64, new byte[] {'\n'});

    private Certificate() {}

    /** The server writes the files itself: they have to be its own. */
    static void install(Address server) {
        try {
            Path folder = Files.createTempDirectory("pgchorus-certificate");
            Path file = folder.resolve("store.p12");
            make(file);
            KeyStore store = KeyStore.getInstance("PKCS12");
            try (InputStream in = Files.newInputStream(file)) {
                store.load(in, SECRET.toCharArray());
            }
            Files.delete(file);
            Files.delete(folder);
            byte[] key = store.getKey("server", SECRET.toCharArray()).getEncoded();
            byte[] certificate = store.getCertificate("server").getEncoded();
            Premises.run(
                    server,
                    write("server.key", pem("PRIVATE KEY", key)),
                    write("server.crt", pem("CERTIFICATE", certificate)),
                    "ALTER SYSTEM SET ssl = on",
                    "SELECT pg_reload_conf()");
            TestGroup.await(
                    "it encrypts",
                    () -> Premises.column(server, "SHOW ssl").getFirst().equals("on"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    static void remove(Address server) {
        Premises.run(server, "ALTER SYSTEM RESET ssl", "SELECT pg_reload_conf()");
        TestGroup.await(
                "it does not encrypt",
                () -> Premises.column(server, "SHOW ssl").getFirst().equals("off"));
    }

    private static void make(Path file) throws IOException {
        Process keytool =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "keytool")
                                        .toString(),
                                "-genkeypair",
                                "-alias",
                                "server",
                                "-keyalg",
                                "EC",
                                "-dname",
                                "CN=localhost",
                                "-storetype",
                                "PKCS12",
                                "-storepass",
                                SECRET,
                                "-keystore",
                                file.toString())
                        .inheritIO()
                        .start();
        try {
            if (keytool.waitFor() != 0) {
                throw new IllegalStateException("keytool failed");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private static String pem(String what, byte[] bytes) {
        return "-----BEGIN %1$s-----\n%2$s\n-----END %1$s-----"
                .formatted(what, LINES.encodeToString(bytes));
    }

    private static String write(String file, String text) {
        return "COPY (SELECT unnest(string_to_array('%s', E'\\n')))".formatted(text)
                + " TO PROGRAM 'umask 077; cat > %s'".formatted(file);
    }
}
