package org.pgchorus.pg;

import jdk.net.ExtendedSocketOptions;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;

import javax.net.SocketFactory;

/**
 * Sockets that notice within about half a minute that the other machine is gone.
 *
 * <p>The driver makes it by name, so it needs a public constructor.
 */
public class KeepAliveSocketFactory extends SocketFactory {
    /** Quiet seconds before the first probe: well under the servers' own time-outs of a minute. */
    private static final int IDLE_SECONDS = 10;

    private static final int PROBE_EVERY_SECONDS = 5;
    private static final int PROBES = 4;

    /** For the driver. */
    public KeepAliveSocketFactory() {
        super();
    }

    @Override
    public Socket createSocket() throws IOException {
        return tuned(unconnected());
    }

    @Override
    public Socket createSocket(String host, int port) throws IOException {
        return connected(null, new InetSocketAddress(host, port));
    }

    @Override
    public Socket createSocket(String host, int port, InetAddress local, int localPort)
            throws IOException {
        return connected(
                new InetSocketAddress(local, localPort), new InetSocketAddress(host, port));
    }

    @Override
    public Socket createSocket(InetAddress host, int port) throws IOException {
        return connected(null, new InetSocketAddress(host, port));
    }

    @Override
    public Socket createSocket(InetAddress host, int port, InetAddress local, int localPort)
            throws IOException {
        return connected(
                new InetSocketAddress(local, localPort), new InetSocketAddress(host, port));
    }

    /** A new socket, of the kind made here. */
    Socket unconnected() {
        return new Socket();
    }

    private Socket connected(SocketAddress local, SocketAddress there) throws IOException {
        Socket socket = createSocket();
        try {
            socket.bind(local);
            socket.connect(there);
            return socket;
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    private static Socket tuned(Socket socket) throws IOException {
        socket.setKeepAlive(true);
        if (socket.supportedOptions().contains(ExtendedSocketOptions.TCP_KEEPIDLE)) {
            socket.setOption(ExtendedSocketOptions.TCP_KEEPIDLE, IDLE_SECONDS);
            socket.setOption(ExtendedSocketOptions.TCP_KEEPINTERVAL, PROBE_EVERY_SECONDS);
            socket.setOption(ExtendedSocketOptions.TCP_KEEPCOUNT, PROBES);
        }
        return socket;
    }
}
