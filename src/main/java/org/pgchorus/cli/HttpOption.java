package org.pgchorus.cli;

import org.pgchorus.config.DaemonSetting;
import org.pgchorus.config.DaemonSettings;
import org.pgchorus.http.Binding;
import org.pgchorus.http.Tls;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

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

    /** What was typed. */
    Map<DaemonSetting, String> typed() {
        Map<DaemonSetting, String> typed = new EnumMap<>(DaemonSetting.class);
        place.ifPresent(text -> typed.put(DaemonSetting.HTTP, text));
        tokenFile.ifPresent(file -> typed.put(DaemonSetting.HTTP_TOKEN_FILE, file.toString()));
        certificate.ifPresent(file -> typed.put(DaemonSetting.HTTP_TLS_CERT, file.toString()));
        key.ifPresent(file -> typed.put(DaemonSetting.HTTP_TLS_KEY, file.toString()));
        clientRoots.ifPresent(file -> typed.put(DaemonSetting.HTTP_TLS_CLIENT_CA, file.toString()));
        return typed;
    }

    /** Where to answer by these settings; empty for nowhere. */
    Optional<Binding> binding(DaemonSettings settings) {
        return settings.value(DaemonSetting.HTTP).map(text -> binding(text, settings));
    }

    /** A token in the environment counts before one in a file that only settings name. */
    private Binding binding(String placed, DaemonSettings settings) {
        Optional<String> token =
                tokenFile
                        .map(HttpOption::read)
                        .or(() -> variable(TOKEN_VARIABLE))
                        .or(() ->
                                settings.value(DaemonSetting.HTTP_TOKEN_FILE)
                                        .map(Path::of)
                                        .map(HttpOption::read));
        return Binding.parse(placed, token, tls(settings));
    }

    /** Whether a place was named. */
    boolean isGiven() {
        return place.isPresent() || variable(DaemonSetting.HTTP.variable()).isPresent();
    }

    /** The place that was typed or is in the environment, or the usual one. */
    Binding bindingOrUsual() {
        Map<String, String> environment = new HashMap<>();
        Stream.of(DaemonSetting.values())
                .filter(setting -> setting.key().startsWith(DaemonSetting.HTTP.key()))
                .map(DaemonSetting::variable)
                .forEach(name -> variable(name).ifPresent(text -> environment.put(name, text)));
        DaemonSettings settings = DaemonSettings.of(typed(), environment, Optional.empty());
        return binding(settings.value(DaemonSetting.HTTP).orElse(Binding.USUAL), settings);
    }

    /** What HTTPS takes, if it is to be that. */
    static Optional<Tls> tls(DaemonSettings settings) {
        return settings.value(DaemonSetting.HTTP_TLS_CERT)
                .map(named ->
                        new Tls(
                                Path.of(named),
                                Path.of(settings.value(DaemonSetting.HTTP_TLS_KEY).orElseThrow()),
                                settings.value(DaemonSetting.HTTP_TLS_CLIENT_CA).map(Path::of)));
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
