package org.pgchorus.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyStore;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** An encrypted port, and clients that are known by their certificates. */
class TlsTest {
    private static final char[] PASSWORD = "changeit".toCharArray();

    @TempDir private Path folder;

    /** A key and a certificate that it signed itself, by the JDK's own tool. */
    private KeyStore made(String name) throws IOException, GeneralSecurityException {
        Path file = folder.resolve(name + ".p12");
        Process keytool =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "keytool")
                                        .toString(),
                                "-genkeypair",
                                "-alias",
                                name,
                                "-keyalg",
                                "EC",
                                "-dname",
                                "CN=" + name,
                                "-ext",
                                "san=ip:127.0.0.1",
                                "-storetype",
                                "PKCS12",
                                "-storepass",
                                new String(PASSWORD),
                                "-keystore",
                                file.toString())
                        .inheritIO()
                        .start();
        assertThat(keytool.onExit().join().exitValue()).isZero();
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(file)) {
            store.load(in, PASSWORD);
        }
        return store;
    }

    private Path pem(String file, String what, byte[] bytes) throws IOException {
        String text = Base64.getMimeEncoder().encodeToString(bytes);
        return Files.writeString(
                folder.resolve(file),
                "-----BEGIN %1$s-----%n%2$s%n-----END %1$s-----%n".formatted(what, text));
    }

    private Path certificate(KeyStore store, String name)
            throws IOException, GeneralSecurityException {
        return pem(name + ".crt", "CERTIFICATE", store.getCertificate(name).getEncoded());
    }

    private static SSLContext context(KeyStore trusted, String name, KeyStore own)
            throws IOException, GeneralSecurityException {
        KeyStore roots = KeyStore.getInstance("PKCS12");
        roots.load(null, PASSWORD);
        roots.setCertificateEntry(name, trusted.getCertificate(name));
        TrustManagerFactory trust =
                TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(roots);
        KeyManagerFactory keys =
                KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(own, PASSWORD);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(own == null ? null : keys.getKeyManagers(), trust.getTrustManagers(), null);
        return context;
    }

    private static int status(SSLContext context, URI uri, String method)
            throws IOException, InterruptedException {
        try (HttpClient client = HttpClient.newBuilder().sslContext(context).build()) {
            HttpRequest request =
                    HttpRequest.newBuilder(uri)
                            .method(method, HttpRequest.BodyPublishers.noBody())
                            .build();
            return client.send(request, HttpResponse.BodyHandlers.ofString()).statusCode();
        }
    }

    @Test
    void whoShowsACertificateOfAKnownRootNeedsNoToken()
            throws IOException, GeneralSecurityException, InterruptedException {
        KeyStore server = made("server");
        KeyStore known = made("known");
        Key key = server.getKey("server", PASSWORD);
        Tls tls =
                new Tls(
                        certificate(server, "server"),
                        pem("server.key", "PRIVATE KEY", key.getEncoded()),
                        Optional.of(certificate(known, "known")));
        Binding binding = Binding.parse("127.0.0.1:0", Optional.empty(), Optional.of(tls));
        try (Server listening = Server.start(binding, List.of())) {
            assertThat(listening.uri().getScheme()).isEqualTo("https");
            SSLContext with = context(server, "server", known);
            SSLContext without = context(server, "server", null);
            URI tasks = listening.uri().resolve("/api/v1/tasks");
            assertThat(status(with, tasks, "GET")).isEqualTo(200);
            assertThat(status(without, tasks, "GET")).isEqualTo(403);
            assertThat(status(without, listening.uri().resolve("/"), "GET")).isEqualTo(200);
            URI verify = listening.uri().resolve("/api/v1/verify");
            assertThat(status(with, verify, "POST")).isEqualTo(202);
            assertThat(status(without, verify, "POST")).isEqualTo(403);
            SSLContext stranger = context(server, "server", made("stranger"));
            assertThat(status(stranger, tasks, "GET")).isEqualTo(403);
        }
    }

    @Test
    void whatIsNoKeyIsRefusedWithTheCure() throws IOException, GeneralSecurityException {
        Path certificate = certificate(made("server"), "server");
        Tls tls = new Tls(certificate, certificate, Optional.empty());
        assertThatThrownBy(tls::configurator).hasMessageContaining("openssl pkcs8 -topk8");
    }
}
