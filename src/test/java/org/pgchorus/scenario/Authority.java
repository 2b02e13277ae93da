package org.pgchorus.scenario;

import org.pgchorus.config.Address;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.List;

/** An authority of the test's own, and what it signs; by the JDK's own tool. */
final class Authority {
    private static final String SECRET = "changeit";
    private static final String ITSELF = "authority";

    private final Path folder;
    private final Path store;

    Authority(Path folder, String name) {
        this.folder = folder;
        this.store = folder.resolve("authority.p12");
        generate(ITSELF, "CN=" + name, List.of("-ext", "bc:c"));
        pem(folder.resolve("authority.crt"), Certificate.pem("CERTIFICATE", certificate(ITSELF)));
    }

    /** The file with the authority's certificate. */
    Path root() {
        return folder.resolve("authority.crt");
    }

    /**
     * Signs a new key: {@code NAME.crt} and {@code NAME.key} are its files then.
     *
     * @param alternative another name of its owner, such as {@code dns:localhost}; empty for none
     */
    void sign(String name, String alternative) {
        List<String> options = new ArrayList<>(List.of("-signer", ITSELF));
        if (!alternative.isEmpty()) {
            options.addAll(List.of("-ext", "san=" + alternative));
        }
        generate(name, "CN=" + name, options);
        pem(certificateOf(name), Certificate.pem("CERTIFICATE", certificate(name)));
        pem(keyOf(name), Certificate.pem("PRIVATE KEY", key(name)));
    }

    Path certificateOf(String name) {
        return folder.resolve(name + ".crt");
    }

    Path keyOf(String name) {
        return folder.resolve(name + ".key");
    }

    /** Has a server encrypt with a key that was signed, and know our clients. */
    void equip(Address server, String name) {
        try {
            Certificate.install(
                    server,
                    Files.readString(keyOf(name)),
                    Files.readString(certificateOf(name)),
                    Files.readString(root()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void pem(Path file, String text) {
        try {
            Files.writeString(file, text + "\n");
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private byte[] certificate(String alias) {
        try {
            return load().getCertificate(alias).getEncoded();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private byte[] key(String alias) {
        try {
            return load().getKey(alias, SECRET.toCharArray()).getEncoded();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private KeyStore load() throws GeneralSecurityException {
        KeyStore loaded = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(store)) {
            loaded.load(in, SECRET.toCharArray());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return loaded;
    }

    private void generate(String alias, String name, List<String> options) {
        Certificate.keytool(store, alias, name, options);
    }
}
