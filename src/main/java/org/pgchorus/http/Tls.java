package org.pgchorus.http;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsParameters;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManagerFactory;

/**
 * Files in PEM form for an encrypted port.
 *
 * @param certificate the server's, with those that lead to its root behind it
 * @param key of the first certificate, PKCS#8, not encrypted
 * @param clientRoots whose clients are known: who shows a certificate of theirs needs no token
 */
public record Tls(Path certificate, Path key, Optional<Path> clientRoots) {
    private static final Pattern KEY =
            Pattern.compile("-----BEGIN PRIVATE KEY-----([\\s\\S]*?)-----END PRIVATE KEY-----");
    private static final List<String> ALGORITHMS = List.of("EC", "RSA", "EdDSA");

    /** Nobody reads it: it protects a store that never leaves memory. */
    private static final char[] PASSWORD = "memory".toCharArray();

    /**
     * Reads the files.
     *
     * @throws IllegalArgumentException if one cannot be read or is not what it should be
     */
    HttpsConfigurator configurator() {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(
                    keys().getKeyManagers(),
                    clientRoots.isPresent() ? roots(clientRoots.get()).getTrustManagers() : null,
                    null);
            boolean asks = clientRoots.isPresent();
            return new HttpsConfigurator(context) {
                @Override
                public void configure(HttpsParameters parameters) {
                    SSLParameters wanted = getSSLContext().getDefaultSSLParameters();
                    // Balancers and browsers without one may still show a token.
                    wanted.setWantClientAuth(asks);
                    parameters.setSSLParameters(wanted);
                }
            };
        } catch (GeneralSecurityException e) {
            throw new IllegalArgumentException(
                    "cannot serve TLS with %s and %s: %s"
                            .formatted(certificate, key, e.getMessage()),
                    e);
        }
    }

    private KeyManagerFactory keys() throws GeneralSecurityException {
        KeyStore store = empty();
        store.setKeyEntry(
                "server",
                privateKey(),
                PASSWORD,
                certificates(certificate).toArray(Certificate[]::new));
        KeyManagerFactory keys =
                KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store, PASSWORD);
        return keys;
    }

    private static TrustManagerFactory roots(Path file) throws GeneralSecurityException {
        KeyStore store = empty();
        int number = 0;
        for (Certificate root : certificates(file)) {
            store.setCertificateEntry("root" + number, root);
            number++;
        }
        TrustManagerFactory trust =
                TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        return trust;
    }

    private static KeyStore empty() throws GeneralSecurityException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        try {
            store.load(null, PASSWORD);
        } catch (IOException e) {
            throw new GeneralSecurityException("no store in memory", e);
        }
        return store;
    }

    private static Collection<? extends Certificate> certificates(Path file)
            throws GeneralSecurityException {
        try (InputStream in = Files.newInputStream(file)) {
            Collection<? extends Certificate> found =
                    CertificateFactory.getInstance("X.509").generateCertificates(in);
            if (found.isEmpty()) {
                throw new IllegalArgumentException("%s has no certificate in it".formatted(file));
            }
            return found;
        } catch (IOException e) {
            throw new IllegalArgumentException(
                    "cannot read the certificate %s (%s)".formatted(file, e), e);
        }
    }

    private PrivateKey privateKey() throws GeneralSecurityException {
        Matcher matcher = KEY.matcher(text());
        if (!matcher.find()) {
            throw new IllegalArgumentException(
                    ("%s is no unencrypted PKCS#8 key; make one of it with: openssl pkcs8 -topk8"
                                    + " -nocrypt -in %s -out server.key")
                            .formatted(key, key));
        }
        byte[] bytes = Base64.getMimeDecoder().decode(matcher.group(1));
        InvalidKeySpecException last = null;
        for (String algorithm : ALGORITHMS) {
            try {
                return KeyFactory.getInstance(algorithm)
                        .generatePrivate(new PKCS8EncodedKeySpec(bytes));
            } catch (InvalidKeySpecException other) {
                last = other;
            }
        }
        throw last;
    }

    private String text() {
        try {
            return Files.readString(key);
        } catch (IOException e) {
            throw new IllegalArgumentException("cannot read the key %s (%s)".formatted(key, e), e);
        }
    }
}
