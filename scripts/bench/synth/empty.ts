// An empty cdktf app: what any synthesis costs at least. Its one argument is the folder to write to.
import { App, TerraformStack } from 'cdktf';

const app = new App({ outdir: process.argv[2] ?? '' });
new TerraformStack(app, 'empty');
app.synth();
