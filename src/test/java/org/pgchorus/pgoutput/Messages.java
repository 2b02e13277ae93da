package org.pgchorus.pgoutput;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Provide;
import net.jqwik.api.domains.DomainContextBase;

import org.pgchorus.model.Lsn;
import org.pgchorus.model.Relation;
import org.pgchorus.model.Row;
import org.pgchorus.model.TableName;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.List;

/** Generates every kind of message: any numbers, names and values, small enough to read. */
final class Messages extends DomainContextBase {
    private static final Arbitrary<Boolean> FLAG = Arbitraries.of(true, false);
    private static final Arbitrary<Integer> INT =
            Arbitraries.oneOf(
                    Arbitraries.integers(),
                    Arbitraries.of(0, -1, Integer.MAX_VALUE, Integer.MIN_VALUE));
    private static final Arbitrary<Long> LONG =
            Arbitraries.oneOf(
                    Arbitraries.longs(), Arbitraries.of(0L, -1L, Long.MAX_VALUE, Long.MIN_VALUE));
    private static final Arbitrary<Lsn> LSN = LONG.map(Lsn::new);

    /** Any text but the zero, which ends a name, and lone surrogates, which are not UTF-8. */
    private static final Arbitrary<String> NAME =
            Arbitraries.oneOf(
                    Arbitraries.strings().alpha().ofMaxLength(8),
                    Arbitraries.strings()
                            .withCharRange('\u0001', '\uD7FF')
                            .withCharRange('\uE000', '\uFFFF')
                            .ofMaxLength(8),
                    Arbitraries.of("Straße", "表", "\uD83D\uDE00", "\"quoted\"", "a.b", "x\u00A0y"));

    private static final Arbitrary<String> SCHEMA =
            Arbitraries.oneOf(Arbitraries.just("pg_catalog"), NAME.filter(name -> !name.isEmpty()));

    /** One value of a row: {@code kind} as on the wire, {@code content} unused for n and u. */
    private record Value(char kind, byte[] content) {}

    @Provide
    Arbitrary<Message> messages() {
        return Arbitraries.oneOf(
                List.of(
                        Combinators.combine(LSN, LONG, INT).as(Message.Begin::new),
                        Combinators.combine(LSN, LSN, LONG).as(Message.Commit::new),
                        Combinators.combine(LSN, NAME).as(Message.Origin::new),
                        relations().map(Message.Describe::new),
                        Combinators.combine(INT, SCHEMA, NAME).as(Message.Type::new),
                        Combinators.combine(INT, rows()).as(Message.Insert::new),
                        updates(),
                        Combinators.combine(INT, FLAG, rows()).as(Message.Delete::new),
                        Combinators.combine(INT.list().ofMaxSize(5), FLAG, FLAG)
                                .as(Message.Truncate::new),
                        Combinators.combine(FLAG, LSN, NAME, contents().map(ByteBuffer::wrap))
                                .as(Message.LogicalMessage::new)));
    }

    private static Arbitrary<Message.Update> updates() {
        return Combinators.combine(INT, FLAG, rows().optional(), rows())
                .as((relation, keyOnly, before, after) ->
                        new Message.Update(relation, keyOnly && before.isPresent(), before, after));
    }

    private static Arbitrary<Relation> relations() {
        Arbitrary<Relation.Column> columns =
                Combinators.combine(NAME, FLAG, INT, INT).as(Relation.Column::new);
        return Combinators.combine(
                        INT,
                        Combinators.combine(SCHEMA, NAME).as(TableName::new),
                        Arbitraries.of('d', 'n', 'f', 'i'),
                        columns.list().ofMaxSize(5))
                .as(Relation::new);
    }

    private static Arbitrary<Row> rows() {
        return Combinators.combine(Arbitraries.of('n', 'u', 't', 'b'), contents())
                .as(Value::new)
                .list()
                .ofMaxSize(6)
                .map(Messages::row);
    }

    private static Row row(List<Value> values) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        int[] starts = new int[values.size()];
        int[] lengths = new int[values.size()];
        boolean[] binary = new boolean[values.size()];
        for (int i = 0; i < values.size(); i++) {
            Value value = values.get(i);
            starts[i] = bytes.size();
            binary[i] = value.kind() == 'b';
            lengths[i] =
                    switch (value.kind()) {
                        case 'n' -> -1;
                        case 'u' -> -2;
                        default -> value.content().length;
                    };
            bytes.writeBytes(value.content());
        }
        return new Row(bytes.toByteArray(), starts, lengths, binary);
    }

    private static Arbitrary<byte[]> contents() {
        return Arbitraries.bytes().array(byte[].class).ofMaxSize(12);
    }
}
