// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.quorum;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.varve.coordination.agent.ClientFront;
import io.varve.coordination.zookeeper.config.ZooConfig;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.json.JsonMapper;

/**
 * ZooKeeper's AdminServer: what operators ask for by HTTP, answered in JSON. It only reads: nothing that it serves changes the tree.
 *
 * <p>Threading: safe; one thread answers.
 */
final class AdminServer implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(AdminServer.class);
    private static final long ANSWER_TIMEOUT_SECONDS = 10;

    private final JsonMapper json = JsonMapper.builder().build();
    private final ExecutorService thread = Executors.newSingleThreadExecutor(task -> {
        Thread started = new Thread(task, "varve-quorum-admin");
        started.setDaemon(true);
        return started;
    });
    private final HttpServer server;
    private final ClientFront front;
    private final String url;

    private AdminServer(HttpServer server, ClientFront front, String url) {
        this.server = server;
        this.front = front;
        this.url = url;
    }

    /** Begins to serve; empty when the address cannot be bound, which is said in the log and stops nothing else, as with ZooKeeper. */
    static Optional<AdminServer> open(ZooConfig.Admin config, ClientFront front) {
        final InetSocketAddress address =
                new InetSocketAddress(config.address().host(), config.address().port());
        try {
            final HttpServer http = HttpServer.create(address, 0);
            final AdminServer admin = new AdminServer(http, front, config.commandUrl());
            http.createContext("/", admin::handle);
            http.setExecutor(admin.thread);
            http.start();
            LOG.info(
                    "AdminServer: http://{}:{}{}",
                    config.address().host(),
                    http.getAddress().getPort(),
                    admin.url);
            return Optional.of(admin);
        } catch (IOException e) {
            LOG.warn(
                    "No AdminServer, the address cannot be bound: address={}, reason={}; set admin.serverPort, or admin.enableServer=false",
                    config.address(),
                    e.getMessage());
            return Optional.empty();
        }
    }

    private void handle(HttpExchange exchange) throws IOException {
        final String path = exchange.getRequestURI().getPath();
        try (exchange) {
            if (!exchange.getRequestMethod().equals("GET")) {
                answer(exchange, 405, Map.of("error", "only GET is served"));
            } else if (path.equals(url) || path.equals(url + "/")) {
                final Map<String, Object> links = new LinkedHashMap<>();
                front.commandNames().forEach(name -> links.put(name, url + "/" + name));
                answer(exchange, 200, links);
            } else if (path.startsWith(url + "/")) {
                command(exchange, path.substring(url.length() + 1));
            } else {
                answer(exchange, 404, Map.of("error", "the commands are below " + url));
            }
        }
    }

    private void command(HttpExchange exchange, String name) throws IOException {
        try {
            final Map<String, @Nullable Object> result =
                    front.runCommand(name).toCompletableFuture().get(ANSWER_TIMEOUT_SECONDS, TimeUnit.SECONDS);
            answer(exchange, result.get("error") == null ? 200 : 404, result);
        } catch (ExecutionException | TimeoutException e) {
            answer(exchange, 503, Map.of("command", name, "error", String.valueOf(e.getMessage())));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            answer(exchange, 503, Map.of("command", name, "error", "the server stops"));
        }
    }

    private void answer(HttpExchange exchange, int status, Object value) throws IOException {
        final byte[] body =
                json.writerWithDefaultPrettyPrinter().writeValueAsString(value).getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(status, body.length);
        try (OutputStream out = exchange.getResponseBody()) {
            out.write(body);
        }
    }

    @Override
    public void close() {
        server.stop(0);
        thread.shutdownNow();
    }
}
