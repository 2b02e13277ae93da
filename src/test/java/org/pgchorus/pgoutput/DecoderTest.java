package org.pgchorus.pgoutput;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.PropertyDefaults;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.domains.Domain;
import net.jqwik.api.domains.DomainContext;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Laws of the decoder over generated messages; the report of each property prints its seed.
 *
 * <p>No edge cases from the framework: their combinations would crowd out everything else. {@link
 * Messages} mixes its own in.
 */
@PropertyDefaults(edgeCases = EdgeCasesMode.NONE)
@Domain(Messages.class)
@Domain(DomainContext.Global.class)
class DecoderTest {
    /** Bytes around the message that do not belong to it. */
    private static final int MARGIN_BYTES = 40;

    /** So many that none of ten kinds is missing but once in 10^22 times. */
    private static final int SAMPLE = 500;

    /** What was made of some bytes: a message, or the text of the refusal. */
    private sealed interface Outcome {
        record Decoded(Message message) implements Outcome {}

        record Refused(String reason) implements Outcome {}
    }

    /** So that the properties below speak of every kind. */
    @Example
    void everyKindOfMessageIsGenerated() {
        // Not a list of them: one list in twenty would be the same message 500 times.
        Set<Class<?>> kinds =
                new Messages()
                        .messages()
                        .withoutEdgeCases()
                        .sampleStream()
                        .limit(SAMPLE)
                        .map(Object::getClass)
                        .collect(Collectors.toSet());
        assertThat(kinds).containsExactlyInAnyOrder(Message.class.getPermittedSubclasses());
    }

    @Property
    void everyMessageComesBackAsItWas(@ForAll Message message) {
        assertThat(decode(Encoder.encode(message))).isEqualTo(message);
    }

    @Property
    void everyPrefixIsMalformed(@ForAll Message message) {
        byte[] whole = Encoder.encode(message);
        for (int length = 0; length < whole.length; length++) {
            assertMalformed(Arrays.copyOf(whole, length));
        }
    }

    @Property(tries = 200)
    void everyExtensionByOneByteIsMalformed(@ForAll Message message) {
        byte[] whole = Encoder.encode(message);
        byte[] longer = Arrays.copyOf(whole, whole.length + 1);
        for (int last = 0; last < 256; last++) {
            longer[whole.length] = (byte) last;
            assertMalformed(longer);
        }
    }

    /** Since every message has one spelling, damage that decodes must encode to the damage. */
    @Property
    void damageIsRefusedOrIsAnotherMessage(@ForAll Message message, @ForAll long seed) {
        Random random = new Random(seed);
        byte[] whole = Encoder.encode(message);
        for (int at = 0; at < whole.length; at++) {
            for (int tries = 0; tries < 4; tries++) {
                byte[] damaged = whole.clone();
                damaged[at] = (byte) (tries == 0 ? damaged[at] + 1 : random.nextInt());
                assertRefusedOrExact(damaged);
            }
        }
    }

    @Property(tries = 5000)
    void noiseAfterATagIsRefusedOrIsAMessage(
            @ForAll char tag, @ForAll @Size(max = 60) byte[] noise, @ForAll int choice) {
        byte[] bytes = new byte[noise.length + 1];
        bytes[0] = (byte) "BCORYIUDTM".charAt(Math.floorMod(choice, 10));
        System.arraycopy(noise, 0, bytes, 1, noise.length);
        assertRefusedOrExact(bytes);
        bytes[0] = (byte) tag;
        assertRefusedOrExact(bytes);
    }

    @Property
    void theBufferIsLeftAsItWas(@ForAll Message message) {
        ByteBuffer in = amid(Encoder.encode(message), (byte) 0x5A);
        byte[] before = wholeArray(in).clone();
        int position = in.position();
        int limit = in.limit();

        assertThat(Decoder.decode(in)).isEqualTo(message);
        assertThat(in.position()).isEqualTo(position);
        assertThat(in.limit()).isEqualTo(limit);
        assertThat(wholeArray(in)).isEqualTo(before);
    }

    /** Also what lies before and after the buffer's own part of it. */
    @SuppressWarnings("ByteBufferBackingArray")
    private static byte[] wholeArray(ByteBuffer buffer) {
        return buffer.array();
    }

    @Example
    void valuesAreViewsOfTheBytesReceived() {
        byte[] bytes = {'I', 0, 0, 0, 9, 'N', 0, 1, 't', 0, 0, 0, 2, 'h', 'i'};
        Message.Insert insert = (Message.Insert) decode(bytes);
        assertThat(insert.after().text(0)).contains("hi");
        bytes[14] = 'o';
        assertThat(insert.after().text(0)).contains("ho");
    }

    @Example
    void contentIsAReadOnlyViewThatReadersDoNotShare() {
        byte[] bytes = {'M', 0, 0, 0, 0, 0, 0, 0, 0, 1, 'p', 0, 0, 0, 0, 2, 'h', 'i'};
        Message.LogicalMessage said = (Message.LogicalMessage) decode(bytes);
        assertThat(said.content().isReadOnly()).isTrue();
        assertThat(said.content().get()).isEqualTo((byte) 'h');
        assertThat(said.content()).isEqualTo(ByteBuffer.wrap(new byte[] {'h', 'i'}));
        bytes[16] = 'H';
        assertThat(said.content().get()).isEqualTo((byte) 'H');
    }

    private static void assertMalformed(byte[] bytes) {
        assertThatThrownBy(() -> decode(bytes)).isInstanceOf(MalformedMessage.class);
        assertOutsideMattersNot(bytes);
    }

    private static void assertRefusedOrExact(byte[] bytes) {
        switch (assertOutsideMattersNot(bytes)) {
            case Outcome.Refused(String reason) -> assertThat(reason).isNotBlank();
            case Outcome.Decoded(Message message) ->
                    assertThat(Encoder.encode(message)).isEqualTo(bytes);
        }
    }

    /** A decoder that looked outside of the message would see the difference. */
    private static Outcome assertOutsideMattersNot(byte[] bytes) {
        Outcome amidZeros = outcome(amid(bytes, (byte) 0));
        assertThat(outcome(amid(bytes, (byte) 't'))).isEqualTo(amidZeros);
        assertThat(outcome(amid(bytes, (byte) 0xFF))).isEqualTo(amidZeros);
        assertThat(outcome(ByteBuffer.wrap(bytes))).isEqualTo(amidZeros);
        return amidZeros;
    }

    private static Outcome outcome(ByteBuffer in) {
        try {
            return new Outcome.Decoded(Decoder.decode(in));
        } catch (MalformedMessage e) {
            return new Outcome.Refused(e.getMessage());
        }
    }

    private static Message decode(byte[] bytes) {
        return Decoder.decode(ByteBuffer.wrap(bytes));
    }

    /** The message between margins of canaries; array offset and position are both not zero. */
    private static ByteBuffer amid(byte[] bytes, byte canary) {
        byte[] large = new byte[2 * MARGIN_BYTES + bytes.length];
        Arrays.fill(large, canary);
        System.arraycopy(bytes, 0, large, MARGIN_BYTES, bytes.length);
        int offset = MARGIN_BYTES / 2;
        return ByteBuffer.wrap(large, offset, large.length - offset)
                .slice()
                .position(MARGIN_BYTES - offset)
                .limit(MARGIN_BYTES - offset + bytes.length);
    }
}
