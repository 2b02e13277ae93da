package org.pgchorus.cli;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.encoder.EncoderBase;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * How an event is written: on one line, without passwords, as text or as JSON; the same message
 * again within a minute is counted instead. Any thread.
 */
public final class LogLine extends EncoderBase<ILoggingEvent> {
    /** In which form; a flag changes it when the first lines may be written already. */
    enum Form {
        TEXT,
        JSON;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    static final String VARIABLE = "PGCHORUS_LOG_FORMAT";

    /** A link that fails every second says so once a minute. */
    private static final long WINDOW_MILLIS = 60_000;

    /** More different messages than that at a time are no repeats. */
    private static final int KNOWN = 500;

    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'", Locale.ROOT)
                    .withZone(ZoneOffset.UTC);

    private static volatile Form form =
            "json".equals(System.getenv(VARIABLE)) ? Form.JSON : Form.TEXT;

    private final Map<String, Repeats> said = new LinkedHashMap<>();

    /** When a message was written, and how often it came since. */
    private static final class Repeats {
        private final ILoggingEvent first;
        private final long writtenMillis;
        private long times;

        Repeats(ILoggingEvent first) {
            this.first = first;
            this.writtenMillis = first.getTimeStamp();
        }
    }

    /** From now on. */
    static void write(Form chosen) {
        form = chosen;
    }

    @Override
    public byte[] headerBytes() {
        return new byte[0];
    }

    @Override
    public byte[] footerBytes() {
        return new byte[0];
    }

    @Override
    public synchronized byte[] encode(ILoggingEvent event) {
        StringBuilder text = new StringBuilder();
        forget(event.getTimeStamp(), text);
        String key = event.getLevel() + event.getLoggerName() + event.getFormattedMessage();
        Repeats before = said.get(key);
        if (before != null) {
            before.times++;
        } else {
            said.put(key, new Repeats(event));
            text.append(line(event, event.getTimeStamp(), ""));
        }
        return text.toString().getBytes(StandardCharsets.UTF_8);
    }

    /** What was counted is told when its minute is over. */
    private void forget(long nowMillis, StringBuilder text) {
        Iterator<Repeats> all = said.values().iterator();
        while (all.hasNext()) {
            Repeats one = all.next();
            if (nowMillis - one.writtenMillis < WINDOW_MILLIS && said.size() < KNOWN) {
                return;
            }
            if (one.times > 0) {
                String times = " (message repeated %d times)".formatted(one.times);
                text.append(line(one.first, nowMillis, times));
            }
            all.remove();
        }
    }

    private static String line(ILoggingEvent event, long millis, String behind) {
        String time = TIME.format(Instant.ofEpochMilli(millis));
        String logger = event.getLoggerName().replaceFirst(".*\\.", "");
        String message = onOneLine(event.getFormattedMessage()) + behind;
        String cause =
                event.getThrowableProxy() == null
                        ? ""
                        : onOneLine(ThrowableProxyUtil.asString(event.getThrowableProxy()));
        if (form == Form.JSON) {
            return Json.compact(
                            Json.object(
                                    "time",
                                    time,
                                    "level",
                                    event.getLevel().toString(),
                                    "thread",
                                    event.getThreadName(),
                                    "logger",
                                    logger,
                                    "message",
                                    message,
                                    "cause",
                                    Json.known(cause)))
                    + "\n";
        }
        return "%s %-5s [%s] %s: %s%s%n"
                .formatted(
                        time,
                        event.getLevel(),
                        event.getThreadName(),
                        logger,
                        message,
                        cause.isEmpty() ? "" : "; cause: " + cause);
    }

    private static String onOneLine(String text) {
        return Secrets.hidden(text).strip().replaceAll("\\s*\\R\\s*", " | ");
    }
}
