import org.elasticmq.rest.sqs.SQSRestServerBuilder;

/** ElasticMQ as a library, queues in memory: java -cp CLASSPATH ElasticMq.java PORT. */
public class ElasticMq {
    public static void main(String[] arguments) {
        int port = Integer.parseInt(arguments[0]);
        SQSRestServerBuilder.withInterface("127.0.0.1").withPort(port).start().waitUntilStarted();
    }
}
