package org.pgchorus.bench;

import org.pgchorus.config.Address;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * A client that asks for one row after the other by its key, as {@code pgbench -S -M prepared}
 * does, and does little else: what is measured is what lies between it and the row. One thread.
 *
 * <p>No password, no TLS.
 */
final class Asker implements AutoCloseable {
    private static final int PROTOCOL = 3 << 16;

    private final Socket socket;
    private final OutputStream out;
    private final DataInputStream in;

    private Asker(Socket socket) throws IOException {
        this.socket = socket;
        socket.setTcpNoDelay(true);
        this.out = socket.getOutputStream();
        this.in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
    }

    /**
     * Begins a session.
     *
     * @param question with one parameter, an integer
     */
    static Asker open(Address address, String question) {
        try {
            Socket socket = new Socket(address.host(), address.port());
            try {
                Asker asker = new Asker(socket);
                asker.begin(address, question);
                return asker;
            } catch (IOException e) {
                socket.close();
                throw e;
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void begin(Address address, String question) throws IOException {
        byte[] words =
                "user\0%s\0database\0%s\0\0"
                        .formatted(address.user(), address.database())
                        .getBytes(StandardCharsets.UTF_8);
        out.write(
                ByteBuffer.allocate(8 + words.length)
                        .putInt(8 + words.length)
                        .putInt(PROTOCOL)
                        .put(words)
                        .array());
        awaitReady();
        byte[] text = ("q\0" + question + "\0").getBytes(StandardCharsets.UTF_8);
        ByteBuffer parse = ByteBuffer.allocate(text.length + 12);
        parse.put((byte) 'P').putInt(text.length + 6).put(text).putShort((short) 0);
        out.write(parse.put((byte) 'S').putInt(4).array());
        awaitReady();
    }

    /** Asks until a moment comes; how long each answer took, in microseconds. */
    List<Long> ask(int keys, long untilNanos) {
        try {
            Random random = new Random();
            List<Long> micros = new ArrayList<>();
            long began = System.nanoTime();
            while (began - untilNanos < 0) {
                out.write(message(Integer.toString(1 + random.nextInt(keys))));
                awaitReady();
                long ended = System.nanoTime();
                micros.add((ended - began) / 1000);
                began = ended;
            }
            return micros;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Bind, Execute and Sync. */
    private static byte[] message(String key) {
        byte[] value = key.getBytes(StandardCharsets.US_ASCII);
        ByteBuffer message = ByteBuffer.allocate(33 + value.length);
        message.put((byte) 'B').putInt(17 + value.length);
        message.put((byte) 0).put((byte) 'q').put((byte) 0);
        message.putShort((short) 0).putShort((short) 1).putInt(value.length).put(value);
        message.putShort((short) 0);
        message.put((byte) 'E').putInt(9).put((byte) 0).putInt(0);
        message.put((byte) 'S').putInt(4);
        return message.array();
    }

    private void awaitReady() throws IOException {
        byte type = 0;
        while (type != 'Z') {
            type = in.readByte();
            int length = in.readInt() - 4;
            byte[] body = in.readNBytes(length);
            if (type == 'E') {
                throw new IOException(
                        new String(body, StandardCharsets.UTF_8).replace('\0', ' ').strip());
            }
        }
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
