// A receiver of events in Java 17 or later, without packages: SECRET=whsec_... PORT=8080 java Receiver.java
import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

public class Receiver {
    private static final long TOLERANCE_S = 5 * 60;
    private static final byte[] KEY =
        Base64.getDecoder().decode(System.getenv("SECRET").replaceFirst("^whsec_", ""));
    // In a real receiver this is a table with a unique key, so that a restart forgets nothing.
    private static final Set<String> SEEN = ConcurrentHashMap.newKeySet();

    /** Whether these bytes came from the sender that has the secret, a moment ago. */
    static boolean isGenuine(String id, String timestamp, String signatures, byte[] body) throws Exception {
        if (id == null || timestamp == null || signatures == null || !timestamp.matches("\\d{1,12}")) {
            return false;
        }
        if (Math.abs(System.currentTimeMillis() / 1000 - Long.parseLong(timestamp)) > TOLERANCE_S) {
            return false;
        }
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(KEY, "HmacSHA256"));
        mac.update((id + "." + timestamp + ".").getBytes(StandardCharsets.UTF_8));
        String expected = "v1," + Base64.getEncoder().encodeToString(mac.doFinal(body));
        boolean fits = false;
        // Several while a secret is replaced: one that fits is enough.
        for (String given : signatures.split(" ")) {
            fits |= MessageDigest.isEqual(given.getBytes(StandardCharsets.UTF_8), expected.getBytes(StandardCharsets.UTF_8));
        }
        return fits;
    }

    public static void main(String[] arguments) throws Exception {
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", Integer.parseInt(System.getenv("PORT"))), 0);
        server.createContext("/", exchange -> {
            int status = 400;
            try {
                Headers headers = exchange.getRequestHeaders();
                ByteArrayOutputStream body = new ByteArrayOutputStream();
                // The bytes as they came: what is parsed and written anew has another signature.
                exchange.getRequestBody().transferTo(body);
                String id = headers.getFirst("webhook-id");
                String signatures = headers.getFirst("webhook-signature");
                if (isGenuine(id, headers.getFirst("webhook-timestamp"), signatures, body.toByteArray())) {
                    if (SEEN.add(id)) {
                        // Put it into a queue here, and do the work afterwards.
                        System.out.println(id);
                    }
                    status = 204;
                }
            } catch (Exception error) {
                System.err.println(error);
            }
            exchange.sendResponseHeaders(status, -1);
            exchange.close();
        });
        server.start();
    }
}
