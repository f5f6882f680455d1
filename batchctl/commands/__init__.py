"""The commands of `batchctl` as a shell sees them: arguments, help, and the text and JSON form of every answer.

The work is done in the other packages, which are imported where they are used: boto3 is slow to import, and
`batchctl preview` needs none of it.
"""
