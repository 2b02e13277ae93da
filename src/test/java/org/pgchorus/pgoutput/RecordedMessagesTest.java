package org.pgchorus.pgoutput;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.pgchorus.model.Lsn;
import org.pgchorus.model.Relation;
import org.pgchorus.model.Row;
import org.pgchorus.model.Stamp;
import org.pgchorus.model.TableName;

import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * Messages as PostgreSQL 18.6 sent them (14 sends the same but for oids, positions and times), read
 * with {@code pg_logical_slot_peek_binary_changes}, {@code proto_version} 1.
 *
 * <pre>{@code
 * create type mood as enum ('sad', 'glad');
 * create table town (id int primary key, name varchar(20), note text, m mood);
 * create table "Straße" (a int, b text);  -- replica identity full
 * }</pre>
 */
class RecordedMessagesTest {
    private static final int TOWN = 0x4005;
    private static final int STREET = 0x400D;

    @Test
    void begin() {
        assertThat(decode("420000000001793de00002ea5dbb151340000002fb"))
                .isEqualTo(
                        new Message.Begin(
                                Lsn.parse("0/1793DE0"),
                                Stamp.microsOf(Instant.parse("2026-01-02T03:04:05Z")),
                                763));
    }

    @Test
    void commit() {
        assertThat(decode("43000000000001793de00000000001793e280002ea5dbb151340"))
                .isEqualTo(
                        new Message.Commit(
                                Lsn.parse("0/1793DE0"),
                                Lsn.parse("0/1793E28"),
                                Stamp.microsOf(Instant.parse("2026-01-02T03:04:05Z"))));
    }

    @Test
    void origin() {
        assertThat(decode("4f000000ab00cd0012656c7365776865726500"))
                .isEqualTo(new Message.Origin(Lsn.parse("AB/CD0012"), "elsewhere"));
    }

    @Test
    void type() {
        assertThat(decode("59000040017075626c6963006d6f6f6400"))
                .isEqualTo(new Message.Type(0x4001, "public", "mood"));
    }

    @Test
    void describeWithAPrimaryKey() {
        assertThat(
                        decode(
                                "52000040057075626c696300746f776e006400040169640000000017ffffffff00"
                                        + "6e616d65000000041300000018006e6f74650000000019ffffffff"
                                        + "006d0000004001ffffffff"))
                .isEqualTo(
                        new Message.Describe(
                                new Relation(
                                        TOWN,
                                        new TableName("public", "town"),
                                        'd',
                                        List.of(
                                                new Relation.Column("id", true, 23, -1),
                                                new Relation.Column("name", false, 1043, 24),
                                                new Relation.Column("note", false, 25, -1),
                                                new Relation.Column("m", false, 0x4001, -1)))));
    }

    @Test
    void describeWithIdentityFull() {
        assertThat(
                        decode(
                                "520000400d7075626c69630053747261c39f65006600020161000000"
                                        + "0017ffffffff01620000000019ffffffff"))
                .isEqualTo(
                        new Message.Describe(
                                new Relation(
                                        STREET,
                                        new TableName("public", "Straße"),
                                        'f',
                                        List.of(
                                                new Relation.Column("a", true, 23, -1),
                                                new Relation.Column("b", true, 25, -1)))));
    }

    @Test
    void insert() {
        assertThat(decode("49000040054e000474000000013374000000016f6e6e"))
                .isEqualTo(new Message.Insert(TOWN, row("3", "o", null, null)));
    }

    @Test
    void updateOfOtherColumnsSendsNoRowBefore() {
        Message.Update update =
                (Message.Update) decode("55000040054e00047400000001316e757400000004676c6164");
        assertThat(update.relation()).isEqualTo(TOWN);
        assertThat(update.before()).isEmpty();
        assertThat(update.keyOnly()).isFalse();
        assertThat(update.after()).hasToString("('1', null, <unchanged>, 'glad')");
    }

    @Test
    void updateOfTheKeySendsTheOldKey() {
        Message.Update update =
                (Message.Update)
                        decode(
                                "55000040054b00047400000001316e6e6e"
                                        + "4e00047400000001326e757400000004676c6164");
        assertThat(update.keyOnly()).isTrue();
        assertThat(update.before()).contains(row("1", null, null, null));
        assertThat(update.after()).hasToString("('2', null, <unchanged>, 'glad')");
    }

    @Test
    void updateWithIdentityFullSendsTheOldRow() {
        assertThat(
                        decode(
                                "550000400d4f000274000000013774000000004e"
                                        + "000274000000013774000000017a"))
                .isEqualTo(
                        new Message.Update(
                                STREET, false, Optional.of(row("7", "")), row("7", "z")));
    }

    @Test
    void updateInBinaryForm() {
        Message.Update update =
                (Message.Update)
                        decode(
                                "55000040054b00046200000004000000016e6e6e4e"
                                        + "00046200000004000000026e756200000004676c6164");
        assertThat(update.keyOnly()).isTrue();
        assertThat(update.before().orElseThrow().bytes(0).getInt()).isEqualTo(1);
        assertThat(update.after().isBinary(0)).isTrue();
        assertThat(update.after().bytes(0).getInt()).isEqualTo(2);
        assertThat(update.after().isNull(1)).isTrue();
        assertThat(update.after().isUnchanged(2)).isTrue();
        assertThat(update.after().isBinary(3)).isTrue();
    }

    @Test
    void deleteByKeyAndByRow() {
        assertThat(decode("44000040054b00047400000001326e6e6e"))
                .isEqualTo(new Message.Delete(TOWN, true, row("2", null, null, null)));
        assertThat(decode("440000400d4f000274000000013774000000017a"))
                .isEqualTo(new Message.Delete(STREET, false, row("7", "z")));
    }

    @Test
    void truncateOfTwoTables() {
        assertThat(decode("540000000203000040050000400d"))
                .isEqualTo(new Message.Truncate(List.of(TOWN, STREET), true, true));
    }

    @Test
    void logicalMessages() {
        assertThat(decode("4d010000000001793a88707265000000000200ff"))
                .isEqualTo(
                        new Message.LogicalMessage(
                                true,
                                Lsn.parse("0/1793A88"),
                                "pre",
                                ByteBuffer.wrap(new byte[] {0, (byte) 0xFF})));
        assertThat(decode("4d000000000001793d00616c6f6e650000000000"))
                .isEqualTo(
                        new Message.LogicalMessage(
                                false, Lsn.parse("0/1793D00"), "alone", ByteBuffer.allocate(0)));
    }

    private static Row row(String... texts) {
        return Row.ofTexts(Arrays.asList(texts));
    }

    private static Message decode(String hex) {
        return Decoder.decode(ByteBuffer.wrap(HexFormat.of().parseHex(hex)));
    }
}
