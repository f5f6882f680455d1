// The part of this platform that five changes touch, as a CDK app: `cdk synth -c change=NAME`, NAME empty for the base.
// docs/changes/change-pages.md shows what `cdk diff` says of each change.
const { App, Stack, Duration, aws_ec2: ec2, aws_ecr: ecr, aws_ecs: ecs, aws_iam: iam, aws_logs: logs, aws_s3: s3 } = require("aws-cdk-lib");

class Platform extends Stack {
  constructor(scope, id, change) {
    super(scope, id);
    const vpc = new ec2.Vpc(this, "network", {
      ipAddresses: ec2.IpAddresses.cidr(change === "cidr" ? "10.2.0.0/16" : "10.0.0.0/16"),
      maxAzs: 3, natGateways: 0, restrictDefaultSecurityGroup: false,
      subnetConfiguration: [{ name: "private", subnetType: ec2.SubnetType.PRIVATE_ISOLATED, cidrMask: 20 }],
    });
    const endpoints = ["ECR", "ECR_DOCKER", "CLOUDWATCH_LOGS"];
    for (const name of endpoints) {
      vpc.addInterfaceEndpoint(name, { service: ec2.InterfaceVpcEndpointAwsService[name], subnets: { availabilityZones: [this.availabilityZones[0]] } });
    }
    vpc.addGatewayEndpoint("S3", { service: ec2.GatewayVpcEndpointAwsService.S3 });
    const input = new s3.Bucket(this, "input"), output = new s3.Bucket(this, "output");
    const cluster = new ecs.Cluster(this, "cluster", { vpc });
    const jobs = ["data-ingestion", "risk-calculation", "report-generation", ...(change === "fourth-job" ? ["stress-test"] : [])];
    for (const job of jobs) {
      const repository = new ecr.Repository(this, `${job}-images`, { imageTagMutability: ecr.TagMutability.IMMUTABLE });
      const retention = change === "retention" ? logs.RetentionDays.ONE_WEEK : logs.RetentionDays.ONE_MONTH;
      const logGroup = new logs.LogGroup(this, `${job}-logs`, { retention });
      const task = new ecs.FargateTaskDefinition(this, `${job}-task`, { cpu: 1024, memoryLimitMiB: 2048 });
      const tag = job === "data-ingestion" && change === "image" ? "release-2" : "release-0";
      task.addContainer(job, { image: ecs.ContainerImage.fromEcrRepository(repository, tag), logging: ecs.LogDrivers.awsLogs({ logGroup, streamPrefix: job }) });
      const prefix = { "data-ingestion": "shards", "risk-calculation": "results", "report-generation": "reports", "stress-test": "stress" }[job];
      task.addToTaskRolePolicy(new iam.PolicyStatement({ actions: ["s3:PutObject"], resources: [output.arnForObjects(`${prefix}/*`)] }));
      if (job === "report-generation" && change === "statement") {
        task.addToTaskRolePolicy(new iam.PolicyStatement({ actions: ["s3:GetObject"], resources: [input.arnForObjects("incoming/*")] }));
      }
      new ecs.FargateService(this, `${job}-service`, { cluster, taskDefinition: task, desiredCount: 0 });
    }
  }
}

const app = new App();
new Platform(app, "platform", app.node.tryGetContext("change"));
