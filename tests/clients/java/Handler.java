import java.util.Map;

import com.amazonaws.services.lambda.runtime.Context;

/** A function for the official runtime interface client: POJO style, no dependency but the core library. */
public class Handler {
  public Object handle(Object event, Context context) {
    if ("fail".equals(event)) throw new IllegalStateException("java says no");
    return Map.of("event", event, "id", context.getAwsRequestId());
  }
}
