package org.pgchorus.cli;

import org.pgchorus.http.Binding;
import org.pgchorus.http.Tls;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** {@code --http}: where a daemon answers HTTP, and who may ask. */
final class HttpOption {
    static final String PLACE_VARIABLE = "PGCHORUS_HTTP";
    static final String TOKEN_VARIABLE = "PGCHORUS_HTTP_TOKEN";
    static final String CERTIFICATE_VARIABLE = "PGCHORUS_HTTP_TLS_CERT";
    static final String KEY_VARIABLE = "PGCHORUS_HTTP_TLS_KEY";
    static final String CLIENT_ROOTS_VARIABLE = "PGCHORUS_HTTP_TLS_CLIENT_CA";

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    @Option(
            names = "--http",
            paramLabel = "HOST:PORT",
            description =
                    "Where to answer HTTP: health, metrics, API (docs/http.md). Without it the"
                            + " variable "
                            + PLACE_VARIABLE
                            + " counts. Only 127.0.0.1 and its like without a token.")
    private Optional<String> place;

    @Option(
            names = "--http-token-file",
            paramLabel = "FILE",
            description =
                    "The token that every HTTP request has to carry. Without it the variable "
                            + TOKEN_VARIABLE
                            + " counts.")
    private Optional<Path> tokenFile;

    @Option(
            names = "--http-tls-cert",
            paramLabel = "FILE",
            description =
                    "Answer HTTPS, with this certificate in PEM form and those that lead to its"
                            + " root. Without it the variable "
                            + CERTIFICATE_VARIABLE
                            + " counts.")
    private Optional<Path> certificate;

    @Option(
            names = "--http-tls-key",
            paramLabel = "FILE",
            description =
                    "The certificate's key, PKCS#8 in PEM form. Without it the variable "
                            + KEY_VARIABLE
                            + " counts.")
    private Optional<Path> key;

    @Option(
            names = "--http-tls-client-ca",
            paramLabel = "FILE",
            description =
                    "Roots of clients' certificates: who shows one needs no token. Without it the"
                            + " variable "
                            + CLIENT_ROOTS_VARIABLE
                            + " counts.")
    private Optional<Path> clientRoots;

    /** The typed place and file only. */
    Optional<String> typedPlace() {
        return place;
    }

    Optional<Path> typedTokenFile() {
        return tokenFile;
    }

    /**
     * The place and the file that settings name; a token in the environment counts before a file's.
     */
    Optional<Binding> binding(Optional<String> placed, Optional<Path> file) {
        Optional<String> token =
                tokenFile
                        .map(HttpOption::read)
                        .or(() -> variable(TOKEN_VARIABLE))
                        .or(() -> file.map(HttpOption::read));
        return placed.map(text -> Binding.parse(text, token, tls()));
    }

    /** Whether a place was named. */
    boolean isGiven() {
        return named().isPresent();
    }

    /** The place that was named, or the usual one. */
    Binding bindingOrUsual() {
        return Binding.parse(named().orElse(Binding.USUAL), token(), tls());
    }

    private Optional<String> named() {
        return place.or(() -> variable(PLACE_VARIABLE));
    }

    private Optional<String> token() {
        return tokenFile.map(HttpOption::read).or(() -> variable(TOKEN_VARIABLE));
    }

    private Optional<Tls> tls() {
        Optional<Path> named = file(certificate, CERTIFICATE_VARIABLE);
        Optional<Path> keyFile = file(key, KEY_VARIABLE);
        Optional<Path> roots = file(clientRoots, CLIENT_ROOTS_VARIABLE);
        if (named.isPresent() != keyFile.isPresent() || named.isEmpty() && roots.isPresent()) {
            throw new IllegalArgumentException(
                    "--http-tls-cert and --http-tls-key belong together, and"
                            + " --http-tls-client-ca needs both");
        }
        return named.map(it -> new Tls(it, keyFile.orElseThrow(), roots));
    }

    private Optional<Path> file(Optional<Path> option, String name) {
        return option.or(() -> variable(name).map(Path::of));
    }

    private Optional<String> variable(String name) {
        Map<String, String> environment = Program.surroundings(command).environment();
        return Optional.ofNullable(environment.get(name)).filter(text -> !text.isBlank());
    }

    private static String read(Path file) {
        try {
            return Files.readString(file).strip();
        } catch (IOException e) {
            throw new IllegalArgumentException(
                    "cannot read the token from %s (%s)".formatted(file, e), e);
        }
    }
}
