package org.pgchorus.cli;

import org.pgchorus.http.Binding;

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

    /** Whether a place was named. */
    boolean isGiven() {
        return named().isPresent();
    }

    /** The place that was named, if one was. */
    Optional<Binding> binding() {
        return named().map(text -> Binding.parse(text, token()));
    }

    /** The place that was named, or the usual one. */
    Binding bindingOrUsual() {
        return Binding.parse(named().orElse(Binding.USUAL), token());
    }

    private Optional<String> named() {
        return place.or(() -> variable(PLACE_VARIABLE));
    }

    private Optional<String> token() {
        return tokenFile.map(HttpOption::read).or(() -> variable(TOKEN_VARIABLE));
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
