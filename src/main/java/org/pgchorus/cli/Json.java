package org.pgchorus.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.core.util.Separators;

import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/**
 * Writes answers as JSON. Pure.
 *
 * <p>Takes maps, collections, texts, numbers, truth values, {@link Raw}, and optionals and nulls,
 * whose absence is {@code null}. Written value by value: the classes that could map whole records
 * would take longer to load than most commands run.
 */
final class Json {
    private static final JsonFactory FACTORY = new JsonFactory();

    private Json() {}

    /** JSON from elsewhere, put in as it is: a server's numbers keep all their digits. */
    record Raw(String text) {}

    /** An object with the given keys and values in turn. */
    static Map<String, Object> object(Object... keysAndValues) {
        Map<String, Object> object = new LinkedHashMap<>();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            object.put((String) keysAndValues[i], keysAndValues[i + 1]);
        }
        return Collections.unmodifiableMap(object);
    }

    /** Null for a text that is empty because nothing is known. */
    static Optional<String> known(String text) {
        return Optional.of(text).filter(t -> !t.isEmpty());
    }

    /** Over several lines, without the last line's end. */
    static String pretty(Object value) {
        DefaultIndenter indenter = new DefaultIndenter("  ", "\n");
        Separators separators =
                Separators.createDefaultInstance()
                        .withObjectFieldValueSpacing(Separators.Spacing.AFTER)
                        .withObjectEmptySeparator("")
                        .withArrayEmptySeparator("");
        return text(
                value,
                new DefaultPrettyPrinter(separators)
                        .withObjectIndenter(indenter)
                        .withArrayIndenter(indenter));
    }

    /** On one line. */
    static String compact(Object value) {
        return text(value, null);
    }

    private static String text(Object value, DefaultPrettyPrinter printer) {
        StringWriter text = new StringWriter();
        try (JsonGenerator generator = FACTORY.createGenerator(text)) {
            generator.setPrettyPrinter(printer);
            write(value, generator);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write JSON into memory", e);
        }
        return text.toString();
    }

    private static void write(Object value, JsonGenerator to) throws IOException {
        switch (value) {
            case null -> to.writeNull();
            case String text -> to.writeString(text);
            case Boolean truth -> to.writeBoolean(truth);
            case Integer number -> to.writeNumber(number);
            case Long number -> to.writeNumber(number);
            case Double number -> to.writeNumber(number);
            case Raw raw -> to.writeRawValue(raw.text);
            case Optional<?> maybe -> write(maybe.orElse(null), to);
            case OptionalLong maybe -> write(maybe.isPresent() ? maybe.getAsLong() : null, to);
            case OptionalDouble maybe -> write(maybe.isPresent() ? maybe.getAsDouble() : null, to);
            case Map<?, ?> object -> {
                to.writeStartObject();
                for (Map.Entry<?, ?> entry : object.entrySet()) {
                    to.writeFieldName((String) entry.getKey());
                    write(entry.getValue(), to);
                }
                to.writeEndObject();
            }
            case Iterable<?> list -> {
                to.writeStartArray();
                for (Object element : list) {
                    write(element, to);
                }
                to.writeEndArray();
            }
            default -> throw new IllegalStateException("no JSON form for " + value.getClass());
        }
    }
}
