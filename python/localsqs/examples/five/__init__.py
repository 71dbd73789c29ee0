"""Five small pieces as people write them around a queue, each in a form that AWS accepts.

    consume.py      receive, work, delete
    long_work.py    more time for one message
    depth.py        how many messages wait, from CloudWatch
    template.yaml   the queue, its dead-letter queue and an alarm, for CloudFormation
    function.py     a Lambda function with Powertools: logger, tracer, metrics, partial batch response

Nothing in them knows this package: give them clients of boto3 and they work on AWS.
"""
